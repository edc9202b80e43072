"""Serves originals to whoever has a signed link: whole or in ranges, streamed from the archive."""

import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import hdrs, web

from bot.archive import Archive
from bot.errors import ArchiveFailed
from bot.signing import PATH, LinkSigner, Verdict

_HEADERS = {
    hdrs.CACHE_CONTROL: "private, max-age=3600",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_EXPIRED = "This link has expired. Ask in the chat for a new one.\n"
_UNKNOWN = "There is no such file, or the link is not whole.\n"


class Originals:
    """The routes under /files/."""

    def __init__(self, archive: Archive, signer: LinkSigner) -> None:
        self._archive = archive
        self._signer = signer

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH + "{key:.+}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        verdict = self._signer.judge(
            key, request.query.get("until", ""), request.query.get("signature", "")
        )
        if verdict is Verdict.FORGED:
            return web.Response(status=404, text=_UNKNOWN)
        if verdict is Verdict.EXPIRED:
            return web.Response(status=410, text=_EXPIRED)
        try:
            return await self._answer(request, key)
        except ArchiveFailed:
            return web.Response(status=503, text="The archive does not answer. Try again later.\n")

    async def _answer(self, request: web.Request, key: str) -> web.StreamResponse:
        found = await self._archive.stat(key)
        if found is None:
            return web.Response(status=404, text=_UNKNOWN)
        path = self._archive.local_path(key)
        if path is not None:
            return web.FileResponse(path, headers=_headers(key))  # knows ranges by itself
        try:
            start, end = _range(request, found.size)
        except ValueError:
            headers = {hdrs.CONTENT_RANGE: f"bytes */{found.size}"}
            return web.Response(status=416, headers=headers)
        whole = (start, end) == (0, found.size)
        response = web.StreamResponse(status=200 if whole else 206, headers=_headers(key))
        response.headers[hdrs.ACCEPT_RANGES] = "bytes"
        response.content_length = end - start
        if not whole:
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{found.size}"
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD and end > start:
            async for piece in self._pieces(key, start, end):
                await response.write(piece)
        await response.write_eof()
        return response

    def _pieces(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        return self._archive.read_range(key, start, end - start)


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


def _headers(key: str) -> dict[str, str]:
    folder, _, name = key.rpartition("/")
    shown = f"{Path(folder).name}-{name}"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {
        **_HEADERS,
        hdrs.CONTENT_TYPE: kind,
        hdrs.CONTENT_DISPOSITION: f'inline; filename="{shown}"',
    }
