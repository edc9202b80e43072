"""Files of the archive as web responses: whole or in ranges, a piece at a time."""

from collections.abc import Mapping

from aiohttp import hdrs, web

from bot.archive import Archive
from bot.errors import ArchiveFailed


async def serve(
    request: web.Request, archive: Archive, key: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """The file, or the part of it that was asked for; raises FileNotFoundError and ArchiveFailed."""
    # A folder's files, too: aiohttp hands them whole to the kernel, which goes on as long as somebody
    # takes them quickly enough, and the loop waits for it (85 ms of 200 MB).
    found = await archive.stat(key)
    if found is None:
        raise FileNotFoundError("no such file")
    try:
        start, end = _range(request, found.size)
    except ValueError:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{found.size}"})
    response = _head(start, end, found.size, headers)
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD and end > start:
        try:
            async for piece in archive.read_range(key, start, end - start):
                await response.write(piece)
        except (ArchiveFailed, FileNotFoundError):
            # The head has gone out: only a broken connection can still say that this is not all.
            if request.transport is not None:
                request.transport.abort()
            return response
    await response.write_eof()
    return response


def _head(start: int, end: int, size: int, headers: Mapping[str, str]) -> web.StreamResponse:
    whole = (start, end) == (0, size)
    response = web.StreamResponse(status=200 if whole else 206, headers=headers)
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    response.content_length = end - start
    if not whole:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    return response


def _range(request: web.Request, size: int) -> tuple[int, int]:
    """The first byte and the one after the last; ValueError when there is no such range."""
    asked = request.http_range
    start = asked.start or 0
    if start < 0:
        start = max(0, size + start)
    end = size if asked.stop is None else min(asked.stop, size)
    if start >= end and size:
        raise ValueError("no such range")
    return start, end
