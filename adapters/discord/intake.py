"""Files that people attached: fetched from Discord, straight to disk."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from adapters.discord.reading import Attached
from adapters.discord.texts import NotFetched
from bot.addresses import is_loopback
from bot.commands.invocations import SentFile
from bot.errors import UnusableFile
from bot.requests import MOST_FILE_BYTES, Kind

# https://discord.com/developers/docs/reference#cdn-formatting
_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_PIECE_BYTES = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
_TRIES = 3
_PAUSE_SECONDS = 0.5


def check_files(files: Sequence[Attached]) -> list[tuple[str, Kind]]:
    """Names and kinds, as Discord says; what cannot be used at all raises UnusableFile."""
    checked = []
    for file in files:
        if file.kind is None:
            raise UnusableFile(file.name, "unknown_type")
        if file.size > MOST_FILE_BYTES[file.kind]:
            raise UnusableFile(file.name, "too_large", limit=MOST_FILE_BYTES[file.kind])
        checked.append((file.name, file.kind))
    return checked


class Intake:
    """Fetches attachments: from Discord's own hosts, or from this machine where that plays Discord."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, files: Sequence[Attached], folder: Path) -> list[SentFile]:
        """Fetch all at once; raises NotFetched or UnusableFile."""
        paths = [folder / f"attachment{number}" for number in range(len(files))]
        await asyncio.gather(*map(self._fetch, files, paths))
        return [SentFile(path, file.name) for file, path in zip(files, paths, strict=True)]

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, file: Attached, path: Path) -> None:
        self._check_address(file)
        for left in reversed(range(_TRIES)):
            try:
                await self._stream(file, path)
                return
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                gone = isinstance(error, aiohttp.ClientResponseError) and error.status < 500
                if gone or not left:
                    raise NotFetched(file.name) from error
                await asyncio.sleep(_PAUSE_SECONDS)

    def _check_address(self, file: Attached) -> None:
        parts = urlsplit(file.url)
        ours = parts.scheme == "https" and parts.hostname in _HOSTS and parts.port in (None, 443)
        if not ours and not (self._loopback and is_loopback(file.url)):
            raise NotFetched(file.name)

    async def _stream(self, file: Attached, path: Path) -> None:
        most = MOST_FILE_BYTES[file.kind or Kind.IMAGE]
        if self._session is None:
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT)
        async with self._session.get(
            file.url, allow_redirects=False, raise_for_status=True
        ) as response:
            if response.status != 200:
                raise aiohttp.ClientPayloadError("a redirect")
            size = 0
            with path.open("wb") as target:
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    size += len(piece)
                    if size > most:
                        raise UnusableFile(file.name, "too_large", limit=most)
                    await asyncio.to_thread(target.write, piece)
