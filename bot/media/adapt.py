"""Making a file acceptable to Runway and to a model: into another file, in a child process."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.commands.fitting import is_too_quick
from bot.media.asking import ask, count, number
from bot.media.children import Budget, Children
from bot.media.containers import MUXERS, RUNWAY_CODECS, RUNWAY_TYPES, type_of
from bot.media.errors import Reason, UnusableFile
from bot.media.inspect import Limits, measured
from bot.media.sniff import MP4, FileType
from bot.media.tasks import Term
from bot.requests import Fit, Kind, Media, Original

# What no model makes anything of: the largest outputs are about half as wide.
MOST_SIDE = 8192
MOST_CONVERTED_BYTES = 200_000_000  # Runway's own upload limit
MOST_SECONDS = 600.0
_STILL_BUDGET = Budget(cpu_seconds=60, wall_seconds=120.0, written=MOST_CONVERTED_BYTES)
_COPY_BUDGET = Budget(cpu_seconds=60, wall_seconds=120.0, written=2 * MOST_CONVERTED_BYTES)
ENCODER_BUDGET = Budget(
    memory=3 * 1024**3, cpu_seconds=1200, wall_seconds=600.0, written=2 * MOST_CONVERTED_BYTES
)


async def adapted(
    media: Media,
    path: Path,
    target: Path,
    fit: Fit,
    limits: Limits,
    children: Children,
    encoders: Children,
) -> Media:
    """Write the acceptable file to `target`, without metadata: what it has become.

    `encoders` is for what takes minutes, so that nothing quick has to wait for it.
    """
    if media.kind is Kind.IMAGE:
        return await _image(media, path, target, fit, limits, children)
    if _is_fine(media, fit):
        with contextlib.suppress(UnusableFile):  # what no container takes as it is
            return await _cleaned(media, path, target, limits, children)
    return await _video(media, path, target, fit, limits, encoders)


def _is_fine(media: Media, fit: Fit) -> bool:
    known = media.content_type in RUNWAY_TYPES and media.codec in {None, *RUNWAY_CODECS}
    short = fit.seconds is None or (media.duration or 0) <= fit.seconds
    side = max(media.width or 0, media.height or 0)
    small = fit.side is None or side <= fit.side
    # Models read pictures as plain ones: HDR would come out grey.
    return known and short and small and not media.hdr and not is_too_quick(media, fit)


async def _image(
    media: Media, path: Path, target: Path, fit: Fit, limits: Limits, children: Children
) -> Media:
    terms: dict[str, Term] = {
        "pixels": limits.pixels,
        "side": limits.side,
        "shrink_to": fit.side or MOST_SIDE,
    }
    terms |= {"pad": fit.pad} if fit.pad else {}
    terms |= {"crop": fit.crop} if fit.crop else {}
    file_type = type_of(media.content_type)
    found = await ask(children, "convert_image", path, file_type, terms, _STILL_BUDGET, target)
    extension = "png" if found.get("type") == "png" else "jpg"
    width, height = count(found, "width"), count(found, "height")
    size, sha256 = await asyncio.to_thread(measured, target)
    return replace(
        media,
        key=f"{media.key.rpartition('.')[0]}.{extension}",
        content_type="image/png" if extension == "png" else "image/jpeg",
        size=size,
        sha256=sha256,
        width=width,
        height=height,
        animated=False,
        was=_original(media),
        fit=fit,
    )


async def _video(
    media: Media, path: Path, target: Path, fit: Fit, limits: Limits, children: Children
) -> Media:
    terms: dict[str, Term] = {
        "pixels": limits.frame_pixels,
        "side": limits.side,
        "width": media.width or 0,
        "height": media.height or 0,
        "shrink_to": fit.side or limits.side,
        "seconds": fit.seconds or MOST_SECONDS,
    }
    terms |= {"rate": fit.rate} if fit.rate and is_too_quick(media, fit) else {}
    file_type = type_of(media.content_type)
    found = await ask(children, "convert_video", path, file_type, terms, ENCODER_BUDGET, target)
    return replace(await _film(media, MP4, found, target), fit=fit)


async def _cleaned(
    media: Media, path: Path, target: Path, limits: Limits, children: Children
) -> Media:
    """The same pictures and sound in a new container: no place, no device, no further tracks."""
    file_type = type_of(media.content_type)
    terms: dict[str, Term] = {
        "pixels": limits.frame_pixels,
        "side": limits.side,
        "muxer": MUXERS[file_type],
    }
    found = await ask(children, "clean_video", path, file_type, terms, _COPY_BUDGET, target)
    return await _film(media, file_type, found, target)


async def _film(
    media: Media, file_type: FileType, found: Mapping[str, object], target: Path
) -> Media:
    """What a video has become; `found` is what the child saw in it."""
    size, sha256 = await asyncio.to_thread(measured, target)
    if size > MOST_CONVERTED_BYTES:
        raise UnusableFile(Reason.TOO_LARGE, limit=MOST_CONVERTED_BYTES, actual=size)
    return replace(
        media,
        key=f"{media.key.rpartition('.')[0]}.{file_type.extensions[0]}",
        content_type=file_type.content_type,
        size=size,
        sha256=sha256,
        width=count(found, "width"),
        height=count(found, "height"),
        duration=number(found, "duration"),
        frames=count(found, "frames"),
        codec=str(found["codec"]),
        pixel_format=str(found["pixel_format"]),
        hdr=found.get("hdr") is True,
        was=_original(media),
    )


def _original(media: Media) -> Original:
    return media.was or Original(
        content_type=media.content_type,
        size=media.size,
        sha256=media.sha256,
        width=media.width,
        height=media.height,
        duration=media.duration,
        animated=media.animated,
        codec=media.codec,
        hdr=media.hdr,
        rate=media.rate,
    )
