"""A real S3 server in this process (moto's), and what may go wrong on the way to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from moto.server import ThreadedMotoServer

BUCKET = "films"


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a server with one bucket."""
    import boto3

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)
        client.create_bucket(Bucket=BUCKET)
        client.close()
        yield address
    finally:
        server.stop()


KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def environment(address: str) -> dict[str, str]:
    """What leads an archive there."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


class Line:
    """Connections through us to a server; `breaks` of them break off after so many bytes."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition("/")[2].partition(":")
        self._server = host, int(port)
        self.breaks = 0
        self.after = 0
        self.broken = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._server)
        ways = [
            asyncio.create_task(self._pour(reader, far_writer)),
            asyncio.create_task(self._pour(far_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.transport.abort()
        far_writer.transport.abort()

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on until the end, or until it is time to break off."""
        passed = 0
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                passed += len(piece)
                if self.breaks and passed > self.after:
                    self.breaks -= 1
                    self.broken += 1
                    return
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def line_to(address: str) -> AsyncIterator[tuple[Line, str]]:
    """A line, and the address at which it begins."""
    line = Line(address)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield line, f"http://{host}:{port}"
