"""Files from people and from Runway: looked into, made acceptable, kept in the archive."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import structlog

from bot import errors
from bot.media.adapt import MOST_CONVERTED_BYTES, adapted
from bot.media.asking import ask
from bot.media.children import Budget, Children
from bot.media.containers import type_of
from bot.media.download import Downloaded, Downloader
from bot.media.errors import DownloadFailed, DownloadReason, UnusableFile
from bot.media.inspect import DEFAULT_LIMITS, Limits, MediaInfo, inspect
from bot.ports import Archive
from bot.requests import Fit, Kind, Media
from bot.scratch import scratch
from bot.text import mended

log = structlog.get_logger()

# Far above what any model makes today, and far below what fills a disk unnoticed.
MOST_OUTPUT_BYTES = 2_000_000_000
# Our own outputs may be larger than what we take from people.
OUTPUT_LIMITS = Limits(
    image_bytes=MOST_OUTPUT_BYTES,
    video_bytes=MOST_OUTPUT_BYTES,
    pixels=160_000_000,
    frame_pixels=160_000_000,
)


class MediaLibrary:
    """Implements bot.ports.Library."""

    def __init__(
        self,
        archive: Archive,
        downloader: Downloader,
        limits: Limits = DEFAULT_LIMITS,
        children: Children | None = None,
    ) -> None:
        self._archive = archive
        self._downloader = downloader
        self._limits = limits
        self._children = children or Children()
        self._encoders = children or Children(1)

    async def look_into(self, path: Path, name: str, stem: str) -> Media:
        """What a person sent, with the key it will have; raises UnusableFile."""
        with _refusals(name):
            info = await inspect(path, name, limits=self._limits, children=self._children)
        return _media(info, f"{stem}.{info.extension}", mended(name))

    async def adapt(self, media: Media, path: Path, fit: Fit) -> Media:
        """Make the file at `path` acceptable, in its place; what it has become."""
        target = path.with_name(f"{path.name}.adapted")
        try:
            with _refusals(media.name):
                made = await adapted(
                    media, path, target, fit, self._limits, self._children, self._encoders
                )
            # What is replaced is freed, which takes as long as removing it.
            await asyncio.to_thread(target.replace, path)
        finally:
            await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
        return made

    async def adapt_kept(self, media: Media, fit: Fit, stem: str) -> Media:
        """Make a copy of a kept file acceptable, with its key under `stem`."""
        async with self._fetched(media) as path:
            made = await self.adapt(media, path, fit)
            made = replace(made, key=f"{stem}.{type_of(made.content_type).extensions[0]}")
            await self.keep(made, path)
        return made

    async def last_frame(self, media: Media, stem: str) -> Media:
        """The last picture of a kept video, as an image of its own under `stem`."""
        name = f"{Path(media.name).stem}-end.png"
        async with self._fetched(media) as path:
            target = path.with_name("last.png")
            terms = {"pixels": OUTPUT_LIMITS.pixels}
            budget = Budget(cpu_seconds=120, wall_seconds=180.0, written=MOST_CONVERTED_BYTES)
            file_type = type_of(media.content_type)
            with _refusals(media.name):
                await ask(self._children, "last_frame", path, file_type, terms, budget, target)
                info = await inspect(target, name, limits=self._limits, children=self._children)
            frame = _media(info, f"{stem}.png", name)
            await self.keep(frame, target)
        return frame

    async def keep(self, media: Media, path: Path) -> None:
        """Put a file that was looked into where its key says."""
        await self._archive.put(media.key, path, content_type=media.content_type)

    async def has(self, media: Media) -> bool:
        """Whether a file is still kept; where the archive does not say, it may be."""
        try:
            return await self._archive.exists(media.key)
        except errors.ArchiveFailed:
            return True

    async def discard(self, media: Media) -> None:
        try:
            await self._archive.delete(media.key)
        except errors.ArchiveFailed as error:
            log.warning("file not discarded", key=media.key, error=str(error))

    async def describe(self, media: Media, facts: Mapping[str, object]) -> None:
        """Write down where an output comes from, in a JSON file beside it."""
        text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
        key = f"{media.key.rpartition('.')[0]}.json"
        await self._archive.put(key, text.encode(), content_type="application/json")

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        """Stream an output into the archive.

        Raises OutputExpired, OutputUnavailable, OutputUnusable or ArchiveFailed.
        """
        async with scratch() as folder:
            path = folder / "output"
            found = await self._download(url, path, kind)
            extension = type_of(found.content_type).extensions[0]
            kept = f"{key}.{extension}"
            # Nobody knows of it before its job's row does: it is kept while it is looked into.
            keeping, looking = await asyncio.gather(
                self._archive.put(kept, path, content_type=found.content_type),
                self._look(path, found),
                return_exceptions=True,
            )
            if isinstance(keeping, BaseException):
                raise keeping
            if isinstance(looking, BaseException):
                await self._archive.delete(kept)
                raise looking
        return _media(looking, kept, f"{name}.{extension}")

    async def _look(self, path: Path, found: Downloaded) -> MediaInfo:
        try:
            return await inspect(
                path,
                path.name,
                limits=OUTPUT_LIMITS,
                children=self._children,
                sha256=found.sha256,
            )
        except UnusableFile as error:
            raise errors.OutputUnusable(str(error)) from error

    @asynccontextmanager
    async def _fetched(self, media: Media) -> AsyncIterator[Path]:
        async with scratch() as folder:
            path = folder / "kept"
            await self._archive.fetch(media.key, path)
            yield path

    async def _download(self, url: str, path: Path, kind: Kind) -> Downloaded:
        try:
            return await self._downloader.download(
                url, path, max_bytes=MOST_OUTPUT_BYTES, expect=kind.value
            )
        except DownloadFailed as error:
            if error.reason is DownloadReason.EXPIRED:
                raise errors.OutputExpired(str(error)) from error
            if error.reason in (DownloadReason.CUT, DownloadReason.UNAVAILABLE):
                raise errors.OutputUnavailable(str(error)) from error
            raise errors.OutputUnusable(str(error)) from error


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """A file that cannot be used, as a refusal that names it."""
    try:
        yield
    except UnusableFile as error:
        log.info("unusable file", reason=str(error))
        limit = None if error.limit is None else int(error.limit)
        raise errors.UnusableFile(name, error.reason, error.found, limit) from error


def _media(info: MediaInfo, key: str, name: str) -> Media:
    return Media(
        key=key,
        kind=Kind(info.kind),
        content_type=info.content_type,
        size=info.size,
        sha256=info.sha256,
        name=name,
        width=info.width,
        height=info.height,
        duration=info.duration,
        frames=info.frames,
        codec=info.codec,
        pixel_format=info.pixel_format,
        animated=info.animated,
        hdr=info.hdr,
    )
