"""A wire that breaks when it is told to: between a replica and its database, or Runway."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Ends]]
PIECE_BYTES = 64 * 1024


@dataclass
class Trap:
    """The next piece that holds `word` breaks the wire: before it is passed on, or after.

    On a wire that has carried `led_by`, in the same piece or before.
    """

    word: bytes
    after: bool
    led_by: bytes = b""
    sprung: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Passes bytes on, on a loopback port of its own."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._wires: set[_Wire] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self.trap: Trap | None = None
        self.is_down = False

    async def start(self) -> int:
        """Begin to listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self.is_down = True
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection that there is."""
        for wire in tuple(self._wires):
            wire.cut()

    def set_trap(self, word: bytes, *, after: bool, led_by: bytes = b"") -> Trap:
        self.trap = Trap(word, after, led_by)
        return self.trap

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        if self.is_down:
            writer.transport.abort()
            return
        try:
            there = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        wire = _Wire((reader, writer), there)
        self._wires.add(wire)
        try:
            await asyncio.gather(self._ask(wire), wire.answer())
        except (OSError, asyncio.CancelledError):
            pass  # cut, or closed: the wire is gone either way
        finally:
            wire.cut()
            self._wires.discard(wire)

    async def _ask(self, wire: "_Wire") -> None:
        """What the replica says, up to the trap that it steps on."""
        while piece := await wire.here[0].read(PIECE_BYTES):
            trap = self.trap
            wire.is_led = wire.is_led or (trap is not None and trap.led_by in piece)
            if trap is not None and wire.is_led and trap.word in piece:
                self.trap = None
                trap.sprung.set()
                if not trap.after:
                    wire.cut()
                    return
                wire.is_deaf = True
            wire.there[1].write(piece)
            await wire.there[1].drain()
        with suppress(OSError, RuntimeError):
            wire.there[1].write_eof()


class _Wire:
    """One connection and what it is passed on to."""

    def __init__(self, here: Ends, there: Ends) -> None:
        self.here = here
        self.there = there
        self.is_deaf = False
        self.is_led = False

    async def answer(self) -> None:
        """What comes back; a deaf wire breaks instead of passing it on."""
        while piece := await self.there[0].read(PIECE_BYTES):
            if self.is_deaf:
                break
            self.here[1].write(piece)
            await self.here[1].drain()
        self.cut()

    def cut(self) -> None:
        for _, writer in (self.here, self.there):
            writer.transport.abort()


def to_port(port: int) -> Connect:
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: str) -> Connect:
    return lambda: asyncio.open_unix_connection(path)
