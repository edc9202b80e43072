"""How a body goes out, and a request once."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

PIECE_BYTES = 256 * 1024


def encoded(body: dict[str, Any]) -> bytes:
    """A document as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


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
