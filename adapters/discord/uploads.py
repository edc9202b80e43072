"""Files into a channel: streamed from disk, and where they are too large, down a ladder."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord
import structlog

from adapters.discord.failures import is_too_large
from adapters.discord.guilds import Guild
from adapters.discord.markdown import markdown
from bot.errors import ArchiveFailed, ChatError
from bot.messages.deliveries import fitted_note, limits_to_try
from bot.ports import Archive, Fitted, Fitter, Reduction
from bot.requests import Media
from bot.scratch import scratch

log = structlog.get_logger()

MIB = 1024 * 1024
# What a boosted server takes for one file, by its tier:
# https://support.discord.com/hc/en-us/articles/360028038352
_BOOSTED = {2: 50 * MIB, 3: 100 * MIB}
MOST_FILES = 10

Send = Callable[[list[discord.File], str], Awaitable[str]]


@dataclass(frozen=True)
class _Ready:
    """A file as it goes out, and what people are told about it."""

    path: Path
    name: str
    note: str = ""

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def limit_of(guild: Guild | None, default: int) -> int:
    """How many bytes a file may have in a server; what the library knows of it is out of date."""
    tier = guild.tier if guild is not None else 0
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
        async with scratch() as folder:
            for step in limits_to_try(limit):
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
            return await self._without(medias, folder, send)

    async def _without(self, medias: Sequence[Media], folder: Path, send: Send) -> str:
        """The last steps: a picture of it, and how to get the original; or that alone."""
        posters = [await self._fitter.poster(media) for media in medias]
        ready = [await self._fetched(each, folder) for each in posters if each.media is not None]
        note = "\n".join(_note(each) for each in posters if each.media is None)
        if ready:
            try:
                return await _sent(send, ready, note)
            except ChatError as error:
                if not is_too_large(error):
                    raise
        left = [Fitted(each.original, None, Reduction.LEFT_OUT, each.link) for each in posters]
        return await send([], "\n".join(_note(each) for each in left))

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
        """A file as it plays in at most `limit` bytes; a mere picture of it comes last of all."""
        fitted = await self._fitter.fit(media, limit)
        if fitted.media is None or fitted.reduction is Reduction.POSTER:
            return None
        return await self._fetched(fitted, folder)

    async def _fetched(self, fitted: Fitted, folder: Path) -> _Ready:
        media = fitted.media or fitted.original
        async with _archived():
            local = self._archive.local_path(media.key)
            if local is not None and local.is_file():
                return _Ready(local, media.name, _note(fitted))
            path = folder / Path(media.key).name
            if not path.exists():
                await self._archive.fetch(media.key, path)
        return _Ready(path, media.name, _note(fitted))


def _note(fitted: Fitted) -> str:
    return markdown(fitted_note(fitted))


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
