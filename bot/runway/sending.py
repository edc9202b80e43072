"""How a body goes out and how long it may take, and a request once."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

PIECE_BYTES = 256 * 1024
# Half a megabit a second: less than any line that a team sends pictures and films over. No other limit
# holds for what is written: who takes the head of a request and then reads no more would keep us for ever.
LEAST_BYTES_PER_SECOND = 64 * 1024


def encoded(body: dict[str, Any]) -> bytes:
    """A document as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def seconds_for(size: int, patience: float | None) -> float | None:
    """How long it may take until so many bytes are sent, and answered with this patience."""
    return None if patience is None else patience + size / LEAST_BYTES_PER_SECOND


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body with files in it, in pieces: aiohttp warns of a large one that it gets as a whole."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again at once when its connection breaks.

    It does so for ClientOSError and ServerDisconnectedError (`ClientSession._request`), which would
    ask for a task twice within the floor.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
