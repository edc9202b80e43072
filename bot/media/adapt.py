"""Making a file acceptable to Runway and to a model: into another file, in a child process."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.media.asking import ask, count
from bot.media.children import Budget, Children
from bot.media.containers import RUNWAY_CODECS, RUNWAY_TYPES, type_of
from bot.media.errors import Reason, UnusableFile
from bot.media.inspect import Limits, inspect, measured
from bot.media.tasks import Term
from bot.requests import Fit, Kind, Media, Original

# What no model makes anything of: the largest outputs are about half as wide.
MOST_SIDE = 8192
MOST_CONVERTED_BYTES = 200_000_000  # Runway's own upload limit
MOST_SECONDS = 600.0
_STILL_BUDGET = Budget(cpu_seconds=60, wall_seconds=120.0, written=MOST_CONVERTED_BYTES)
ENCODER_BUDGET = Budget(
    memory=3 * 1024**3, cpu_seconds=1200, wall_seconds=600.0, written=2 * MOST_CONVERTED_BYTES
)


async def adapted(
    media: Media, path: Path, target: Path, fit: Fit, limits: Limits, children: Children
) -> Media | None:
    """Write the acceptable file to `target`; None when the file is acceptable as it is."""
    if media.kind is Kind.IMAGE:
        return await _image(media, path, target, fit, limits, children)
    if _is_fine(media, fit):
        return None
    return await _video(media, path, target, fit, limits, children)


def _is_fine(media: Media, fit: Fit) -> bool:
    known = media.content_type in RUNWAY_TYPES and media.codec in {None, *RUNWAY_CODECS}
    short = fit.seconds is None or (media.duration or 0) <= fit.seconds
    side = max(media.width or 0, media.height or 0)
    return known and short and (fit.side is None or side <= fit.side)


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
        "width": media.width or 0,
        "height": media.height or 0,
        "shrink_to": fit.side or limits.side,
        "seconds": fit.seconds or MOST_SECONDS,
    }
    file_type = type_of(media.content_type)
    await ask(children, "convert_video", path, file_type, terms, ENCODER_BUDGET, target)
    info = await inspect(target, "converted.mp4", limits=limits, children=children)
    if info.size > MOST_CONVERTED_BYTES:
        raise UnusableFile(Reason.TOO_LARGE, limit=MOST_CONVERTED_BYTES, actual=info.size)
    return replace(
        media,
        key=f"{media.key.rpartition('.')[0]}.mp4",
        content_type=info.content_type,
        size=info.size,
        sha256=info.sha256,
        width=info.width,
        height=info.height,
        duration=info.duration,
        frames=info.frames,
        codec=info.codec,
        pixel_format=info.pixel_format,
        was=_original(media),
        fit=fit,
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
    )
