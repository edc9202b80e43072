"""Looking at a file from outside: what it is, whether it is whole, and the facts prices need."""

import asyncio
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.media import sniff
from bot.media.children import Budget, ChildFailed, Children
from bot.media.errors import Reason, UnusableFile
from bot.media.sniff import HEAD_BYTES, FileType, matches_name

_CHUNK = 1024 * 1024
# Accepted types, with the only format that their decoder may try.
_CONTAINERS = {
    sniff.JPEG: "JPEG",
    sniff.PNG: "PNG",
    sniff.WEBP: "WEBP",
    sniff.MP4: "mp4",
    sniff.MOV: "mp4",
    sniff.WEBM: "matroska",
    sniff.MKV: "matroska",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that we take from anybody; a model may want less."""

    image_bytes: int = 50_000_000
    video_bytes: int = 200_000_000  # Runway's own upload limit
    pixels: int = 40_000_000
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
    fps: float | None = None
    frames: int | None = None
    codec: str | None = None


DEFAULT_LIMITS = Limits()
_CHILDREN = Children()


async def inspect(
    path: Path, filename: str, *, limits: Limits = DEFAULT_LIMITS, children: Children = _CHILDREN
) -> MediaInfo:
    """Identify, check and decode the file; UnusableFile with data when it is not fit to use."""
    size, head = await asyncio.to_thread(_measure, path)
    file_type = _identify(size, head, filename, limits)
    found = await _decode(path, file_type, limits, children)
    duration = _number(found, "duration")
    if duration is not None and duration > limits.seconds:
        raise UnusableFile(Reason.TOO_LONG, limit=limits.seconds, actual=duration)
    return MediaInfo(
        kind="image" if file_type.kind == "image" else "video",
        content_type=file_type.content_type,
        extension=file_type.extensions[0],
        size=size,
        sha256=await asyncio.to_thread(_sha256, path),
        width=_count(found, "width"),
        height=_count(found, "height"),
        duration=duration,
        fps=_number(found, "fps"),
        frames=_count(found, "frames") if "frames" in found else None,
        codec=str(found["codec"]) if "codec" in found else None,
    )


def _measure(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return path.stat().st_size, file.read(HEAD_BYTES)


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
    if file_type not in _CONTAINERS:
        raise UnusableFile(Reason.UNSUPPORTED_TYPE, found=file_type.name)
    most = limits.image_bytes if file_type.kind == "image" else limits.video_bytes
    if size > most:
        raise UnusableFile(Reason.TOO_LARGE, found=file_type.name, limit=most, actual=size)
    return file_type


async def _decode(
    path: Path, file_type: FileType, limits: Limits, children: Children
) -> Mapping[str, object]:
    task, container = f"inspect_{file_type.kind}", _CONTAINERS[file_type]
    terms = {"pixels": limits.pixels, "side": limits.side}
    try:
        answer = await children.run(task, path, container, terms, limits.child)
    except ChildFailed as error:
        raise UnusableFile(Reason.UNDECODABLE, found=file_type.name, detail=str(error)) from None
    found, refused = answer.get("found"), answer.get("refused")
    if isinstance(refused, dict):
        raise _refusal(refused, file_type)
    if not isinstance(found, dict):
        raise UnusableFile(Reason.UNDECODABLE, found=file_type.name, detail="no answer")
    return found


def _refusal(refused: Mapping[str, object], file_type: FileType) -> UnusableFile:
    found, detail, reason = refused.get("found"), refused.get("detail"), refused.get("reason")
    return UnusableFile(
        next((known for known in Reason if known == reason), Reason.UNDECODABLE),
        found=found if isinstance(found, str) else file_type.name,
        limit=_number(refused, "limit"),
        actual=_number(refused, "actual"),
        detail=detail if isinstance(detail, str) else "",
    )


# The child decoded a file from outside, so its answer is not believed blindly either.
def _number(found: Mapping[str, object], name: str) -> float | None:
    value = found.get(name)
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return value


def _count(found: Mapping[str, object], name: str) -> int:
    value = found.get(name)
    if not isinstance(value, int) or value <= 0:
        raise UnusableFile(Reason.UNDECODABLE, detail=f"no {name}")
    return value
