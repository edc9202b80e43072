"""Looking at a file from outside: what it is, whether it is whole, and the facts prices need."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.media import sniff
from bot.media.asking import ask, count, number
from bot.media.children import Budget, Children
from bot.media.containers import CONTAINERS
from bot.media.errors import Reason, UnusableFile
from bot.media.sniff import FileType, matches_name
from bot.requests import MOST_FILE_BYTES, Kind

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that we take from anybody; a model may want less."""

    image_bytes: int = MOST_FILE_BYTES[Kind.IMAGE]
    video_bytes: int = MOST_FILE_BYTES[Kind.VIDEO]
    pixels: int = 110_000_000  # phones take photos of 108 megapixels
    frame_pixels: int = 40_000_000
    side: int = 16_384
    seconds: float = 600.0
    child: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A file that decodes. Width and height are as shown, after rotation; duration in seconds."""

    kind: Literal["image", "video"]
    content_type: str
    extension: str
    size: int
    sha256: str
    width: int
    height: int
    duration: float | None = None
    frames: int | None = None
    codec: str | None = None
    pixel_format: str | None = None
    animated: bool = False
    hdr: bool = False


DEFAULT_LIMITS = Limits()
_CHILDREN = Children()


async def inspect(
    path: Path,
    filename: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    children: Children = _CHILDREN,
    sha256: str | None = None,
) -> MediaInfo:
    """Identify, check and decode the file; UnusableFile with data when it is not fit to use.

    `sha256` is the file's, where that is known already.
    """
    size, head, tail = await asyncio.to_thread(_measure, path)
    file_type = _identify(size, head, filename, limits)
    if (other := sniff.second_type(head, tail)) is not None:
        raise UnusableFile(Reason.TWO_IN_ONE, found=other.name)
    hashing = None if sha256 else asyncio.create_task(asyncio.to_thread(_sha256, path))
    try:
        found = await _decode(path, file_type, limits, children)
    finally:
        digest = await hashing if hashing else sha256 or ""
    duration = number(found, "duration")
    if duration is not None and duration > limits.seconds:
        raise UnusableFile(Reason.TOO_LONG, limit=limits.seconds, actual=duration)
    return MediaInfo(
        kind="image" if file_type.kind == "image" else "video",
        content_type=file_type.content_type,
        extension=file_type.extensions[0],
        size=size,
        sha256=digest,
        width=count(found, "width"),
        height=count(found, "height"),
        duration=duration,
        frames=count(found, "frames") if "frames" in found else None,
        codec=str(found["codec"]) if "codec" in found else None,
        pixel_format=str(found["pixel_format"]) if "pixel_format" in found else None,
        animated=found.get("animated") is True,
        hdr=found.get("hdr") is True,
    )


def measured(path: Path) -> tuple[int, str]:
    """A file's size in bytes and its SHA-256; blocks."""
    return path.stat().st_size, _sha256(path)


def _measure(path: Path) -> tuple[int, bytes, bytes]:
    """The size, how it begins and how it ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(sniff.LOOK_BYTES)
        file.seek(max(0, size - sniff.TAIL_BYTES))
        return size, head, file.read()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _identify(size: int, head: bytes, filename: str, limits: Limits) -> FileType:
    if size == 0:
        raise UnusableFile(Reason.EMPTY)
    file_type = sniff.sniff(head)
    if file_type is None:
        raise UnusableFile(Reason.UNKNOWN_TYPE)
    if not matches_name(file_type, filename):
        raise UnusableFile(Reason.NAME_MISMATCH, found=file_type.name)
    if file_type not in CONTAINERS:
        raise UnusableFile(Reason.UNSUPPORTED_TYPE, found=file_type.name)
    most = limits.image_bytes if file_type.kind == "image" else limits.video_bytes
    if size > most:
        raise UnusableFile(Reason.TOO_LARGE, found=file_type.name, limit=most, actual=size)
    return file_type


async def _decode(
    path: Path, file_type: FileType, limits: Limits, children: Children
) -> Mapping[str, object]:
    still = file_type.kind == "image"
    pixels = limits.pixels if still else limits.frame_pixels
    terms = {"pixels": pixels, "side": limits.side}
    task = f"inspect_{file_type.kind}"
    return await ask(children, task, path, file_type, terms, limits.child)
