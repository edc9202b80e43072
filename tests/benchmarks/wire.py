"""A wire that lets no more than so many bytes a second through, each way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PIECE_BYTES = 16 * 1024


@asynccontextmanager
async def wire_to(port: int, bytes_a_second: float) -> AsyncIterator[int]:
    """A port on loopback that leads to another one."""
    passing: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        passing.add(task)
        task.add_done_callback(passing.discard)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                _pass(reader, back, bytes_a_second), _pass(there, writer, bytes_a_second)
            )

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bytes_a_second: float
) -> None:
    loop = asyncio.get_running_loop()
    free_at = loop.time()
    while piece := await reader.read(PIECE_BYTES):
        free_at = max(free_at, loop.time()) + len(piece) / bytes_a_second
        if (early := free_at - loop.time()) > 0.001:
            await asyncio.sleep(early)
        writer.write(piece)
        await writer.drain()
    writer.close()
