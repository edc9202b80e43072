"""The delivery ladder: an output as it is, else re-encoded, else a picture that stands for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import structlog

from bot.errors import ArchiveFailed
from bot.media.adapt import ENCODER_BUDGET
from bot.media.asking import ask
from bot.media.children import ChildBroken, Children
from bot.media.containers import type_of
from bot.media.errors import UnusableFile
from bot.media.inspect import MediaInfo, inspect
from bot.media.library import OUTPUT_LIMITS
from bot.media.tasks import Term
from bot.ports import Archive, Fitted, Reduction
from bot.requests import Kind, Media
from bot.scratch import scratch

log = structlog.get_logger()

# A poster is never larger, and every chat takes this.
MOST_POSTER_BYTES = 8 * 1024 * 1024
# A picture that stands for a larger one.
MOST_STILL_BYTES = 1024 * 1024
# Copies that are remembered, so that a second attempt to post does not encode again.
MOST_REMEMBERED = 200
# What browsers and the chats' own players show. 10-bit and 4:2:2 pictures stay black in most.
_IMAGES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_PIXELS = (None, "", "yuv420p", "yuvj420p")
_PLAYED = {
    "video/mp4": (None, "h264"),
    "video/webm": (None, "vp8", "vp9"),
}

Sign = Callable[[str], str]


class MediaFitter:
    """Implements bot.ports.Fitter; `sign` makes the link to an original from its key."""

    def __init__(
        self, archive: Archive, sign: Sign | None = None, children: Children | None = None
    ) -> None:
        self._archive = archive
        self._sign = sign
        # One at a time: an encoder takes every core that it is given.
        self._children = children or Children(1)
        self._made: dict[tuple[str, str], Media] = {}

    async def fit(self, media: Media, limit: int) -> Fitted:
        """The best of `media` in at most `limit` bytes that plays in a chat."""
        if media.size <= limit and plays_inline(media):
            return Fitted(media, media)
        smaller = await self._smaller(media, limit)
        if smaller is not None:
            compressed = media.size > limit
            how = Reduction.COMPRESSED if compressed else Reduction.CONVERTED
            return Fitted(media, smaller, how, self._link(media))
        if media.size <= limit:
            return Fitted(media, media)  # it may be watched after a download
        return await self._poster(media, limit)

    async def poster(self, media: Media) -> Fitted:
        """A small picture that stands for `media`, for a chat that took nothing else."""
        return await self._poster(media, MOST_POSTER_BYTES)

    async def _poster(self, media: Media, limit: int) -> Fitted:
        picture = await self._still(media)
        if picture is None or picture.size > limit:
            return Fitted(media, None, Reduction.LEFT_OUT, self._link(media))
        return Fitted(media, picture, Reduction.POSTER, self._link(media))

    async def _smaller(self, media: Media, limit: int) -> Media | None:
        terms: dict[str, Term] = {"limit": limit}
        if media.kind is Kind.IMAGE:
            terms |= {"pixels": OUTPUT_LIMITS.pixels, "side": OUTPUT_LIMITS.side}
            return await self._derived(media, "reduce_image", f"fit{limit}", terms, limit)
        if not media.duration or not media.width or not media.height:
            return None
        terms |= {
            "pixels": OUTPUT_LIMITS.frame_pixels,
            "width": media.width,
            "height": media.height,
            "seconds": media.duration,
            "rate": (media.frames or 24 * media.duration) / media.duration,
            "size": media.size,
        }
        return await self._derived(media, "shrink_video", f"fit{limit}", terms, limit)

    async def _still(self, media: Media) -> Media | None:
        if media.kind is Kind.IMAGE:
            return await self._smaller(media, min(MOST_STILL_BYTES, media.size // 2))
        terms: dict[str, Term] = {"pixels": OUTPUT_LIMITS.frame_pixels}
        return await self._derived(media, "poster", "poster", terms, MOST_POSTER_BYTES)

    async def _derived(
        self, media: Media, task: str, suffix: str, terms: dict[str, Term], limit: int
    ) -> Media | None:
        """What a child process makes of an output, kept beside it; None when it makes nothing."""
        known = self._made.get((media.key, suffix))
        if known is not None:
            return known
        try:
            made = await self._make(media, task, suffix, terms)
        except (UnusableFile, ArchiveFailed, ChildBroken, OSError, KeyError) as error:
            log.warning("not fitted", key=media.key, task=task, error=str(error))
            return None
        if made.size > limit:
            return None
        while len(self._made) >= MOST_REMEMBERED:
            del self._made[next(iter(self._made))]
        self._made[media.key, suffix] = made
        return made

    async def _make(self, media: Media, task: str, suffix: str, terms: dict[str, Term]) -> Media:
        async with self._local(media) as (path, folder):
            target = folder / "fitted"
            file_type = type_of(media.content_type)
            await ask(self._children, task, path, file_type, terms, ENCODER_BUDGET, target)
            info = await inspect(target, target.name, limits=OUTPUT_LIMITS, children=self._children)
            made = _described(media, info, suffix)
            await self._archive.put(made.key, target, content_type=made.content_type)
        log.info("fitted", key=made.key, task=task, was=media.size, size=made.size)
        return made

    @asynccontextmanager
    async def _local(self, media: Media) -> AsyncIterator[tuple[Path, Path]]:
        """The output as a file, and a folder for what is made of it."""
        async with scratch() as folder:
            path = self._archive.local_path(media.key)
            if path is None:
                path = folder / "original"
                await self._archive.fetch(media.key, path)
            yield path, folder

    def _link(self, media: Media) -> str | None:
        return None if self._sign is None else self._sign(media.key)


def plays_inline(media: Media) -> bool:
    """Whether chats show a file where it stands."""
    if media.kind is Kind.IMAGE:
        return media.content_type in _IMAGES
    codecs = _PLAYED.get(media.content_type, ())
    return media.codec in codecs and media.pixel_format in _PIXELS


def _described(media: Media, info: MediaInfo, suffix: str) -> Media:
    stem, name = media.key.rpartition(".")[0], media.name.rpartition(".")[0] or media.name
    return replace(
        media,
        key=f"{stem}.{suffix}.{info.extension}",
        kind=Kind(info.kind),
        name=f"{name}.{info.extension}",
        content_type=info.content_type,
        size=info.size,
        sha256=info.sha256,
        width=info.width,
        height=info.height,
        duration=info.duration,
        frames=info.frames,
        codec=info.codec,
        pixel_format=info.pixel_format,
        hdr=info.hdr,
    )
