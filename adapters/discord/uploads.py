"""Files into a channel: streamed from disk, and where they are too large, down a ladder."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import discord
import structlog

from adapters.discord import texts
from adapters.discord.failures import is_too_large
from bot.errors import ArchiveFailed, ChatError
from bot.ports import Archive
from bot.requests import Media

log = structlog.get_logger()

MIB = 1024 * 1024
# What a boosted server takes for one file, by its tier:
# https://support.discord.com/hc/en-us/articles/360028038352
_BOOSTED = {2: 50 * MIB, 3: 100 * MIB}
# Tried one after the other when Discord refuses a size that should have fitted.
_STEPS = (10 * MIB, 8 * MIB)
MOST_FILES = 10

Send = Callable[[list[discord.File], str], Awaitable[str]]


class Fitter(Protocol):
    """Makes files fit; None where that cannot be done."""

    async def fit(self, media: Media, limit: int, folder: Path) -> Path | None:
        """The file in at most `limit` bytes, as a new file in the folder."""
        ...

    async def poster(self, media: Media, folder: Path) -> Path | None:
        """One picture of a video, as a new file in the folder."""
        ...


class NoFitter:
    """Leaves files as they are."""

    async def fit(self, media: Media, limit: int, folder: Path) -> Path | None:
        return None

    async def poster(self, media: Media, folder: Path) -> Path | None:
        return None


@dataclass(frozen=True)
class _Ready:
    """A file as it goes out, and what people are told about it."""

    path: Path
    name: str
    note: str = ""

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def limit_of(guild: discord.Guild | None, default: int) -> int:
    """How many bytes a file may have in a server; what the library knows of it is out of date."""
    tier = guild.premium_tier if guild is not None else 0
    return max(default, _BOOSTED.get(tier, 0))


class Uploads:
    """Finds the largest form of a result that a channel takes."""

    def __init__(self, archive: Archive, fitter: Fitter) -> None:
        self._archive = archive
        self._fitter = fitter

    async def send(self, medias: Sequence[Media], limit: int, send: Send) -> str:
        """Send through `send`, which gets files and a note; the text goes out whatever happens."""
        medias = medias[:MOST_FILES]
        refused = None
        with TemporaryDirectory(prefix="dailies-") as name:
            folder = Path(name)
            for step in (limit, *_STEPS):
                if refused is not None and step >= refused:
                    continue
                ready = await self._ready(medias, step, folder)
                if ready is None:
                    break
                try:
                    return await _sent(send, ready)
                except ChatError as error:
                    if not is_too_large(error) or not ready:
                        raise
                    refused = max(file.size for file in ready)
                    log.warning("upload refused for its size", size=refused, limit=step)
            return await self._without(medias, refused or limit, folder, send)

    async def _without(self, medias: Sequence[Media], limit: int, folder: Path, send: Send) -> str:
        """The last steps: a picture of it, and how to get the original; or that alone."""
        note = "\n".join(texts.too_large(media, limit) for media in medias)
        posters = [(media, await self._fitter.poster(media, folder)) for media in medias]
        ready = [
            _Ready(path, f"{Path(media.name).stem}{path.suffix}") for media, path in posters if path
        ]
        if ready:
            try:
                return await _sent(send, ready, note)
            except ChatError as error:
                if not is_too_large(error):
                    raise
        return await send([], note)

    async def _ready(
        self, medias: Sequence[Media], limit: int, folder: Path
    ) -> list[_Ready] | None:
        """Every file in at most `limit` bytes; None when one cannot be had so small."""
        ready = []
        for media in medias:
            one = await self._one(media, limit, folder)
            if one is None:
                return None
            ready.append(one)
        return ready

    async def _one(self, media: Media, limit: int, folder: Path) -> _Ready | None:
        if media.size > limit:
            path = await self._fitter.fit(media, limit, folder)
            name = f"{Path(media.name).stem}{path.suffix}" if path else ""
            return _Ready(path, name, texts.smaller(media)) if path else None
        async with _archived():
            local = self._archive.local_path(media.key)
            if local is not None and local.is_file():
                return _Ready(local, media.name)
            path = folder / Path(media.key).name
            if not path.exists():
                await self._archive.fetch(media.key, path)
        return _Ready(path, media.name)


async def _sent(send: Send, ready: Sequence[_Ready], note: str = "") -> str:
    notes = [file.note for file in ready if file.note] + ([note] if note else [])
    # discord.File on a path is streamed; it is closed when the message is sent, or was not.
    files = [discord.File(file.path, filename=file.name) for file in ready]
    return await send(files, "\n".join(notes))


@asynccontextmanager
async def _archived() -> AsyncIterator[None]:
    try:
        yield
    except ArchiveFailed as error:
        raise ChatError(f"the archive: {error}") from error
    except FileNotFoundError as error:
        raise ChatError("the file is not in the archive any more", permanent=True) from error
