"""Serves originals to whoever has a signed link: whole or in ranges, streamed from the archive."""

import mimetypes
from pathlib import Path

from aiohttp import hdrs, web

from bot.archive import Archive
from bot.errors import ArchiveFailed
from bot.web.server import ANSWER
from bot.web.serving import serve
from bot.web.signing import PATH, LinkSigner, Verdict

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
        app.router.add_get(PATH, _here)
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
            return await serve(request, self._archive, key, _headers(key))
        except FileNotFoundError:
            return web.Response(status=404, text=_UNKNOWN)
        except ArchiveFailed:
            return web.Response(status=503, text="The archive does not answer. Try again later.\n")


async def _here(_request: web.Request) -> web.Response:
    """For `dailies check`: of all that there is, this path is what a proxy passes on."""
    return web.Response(text=ANSWER)


def _headers(key: str) -> dict[str, str]:
    folder, _, name = key.rpartition("/")
    shown = f"{Path(folder).name}-{name}"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {
        **_HEADERS,
        hdrs.CONTENT_TYPE: kind,
        hdrs.CONTENT_DISPOSITION: f'inline; filename="{shown}"',
    }
