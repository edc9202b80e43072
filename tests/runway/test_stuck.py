"""A server that takes the head of a request and reads no more of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import httpx
import pytest

from bot.errors import OutcomeUnknown, ProviderUnavailable
from bot.runway import client as runway
from bot.runway import sending

# More than the buffers of both sides hold.
TOO_MUCH = 32 * 1024 * 1024


@pytest.fixture
async def stuck(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Its address; whatever is sent there has a tenth of a second for every 100 MB."""
    monkeypatch.setattr(sending, "LEAST_BYTES_PER_SECOND", 10**9)
    over = asyncio.Event()

    async def read_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await over.wait()
        writer.transport.abort()

    listener = await asyncio.start_server(read_the_head, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        over.set()


async def test_a_create_that_is_never_read_to_its_end_is_unknown(stuck, connect, imagine):
    client = await connect(stuck, create_timeout=httpx.Timeout(0.2, connect=5.0))
    async with asyncio.timeout(30):
        with pytest.raises(OutcomeUnknown):
            await client.create(replace(imagine, prompt="a" * TOO_MUCH), {})


async def test_an_upload_that_is_never_read_to_its_end_is_given_up(
    server, stuck, connect, monkeypatch, tmp_path
):
    patience = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=0.2)
    monkeypatch.setattr(runway, "UPLOAD_TIMEOUT", patience)
    place = {"uploadUrl": f"{stuck}/bucket", "fields": {"key": "1"}, "runwayUri": "runway://1"}
    server.then(server.json(200, place))
    path = tmp_path / "input.png"
    path.write_bytes(bytes(TOO_MUCH))
    client = await connect(server.url)
    async with asyncio.timeout(30):
        with pytest.raises(ProviderUnavailable):
            await client.upload(path, "input.png")
