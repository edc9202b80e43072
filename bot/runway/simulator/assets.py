"""What an input file really is: decoded, measured, never trusted by its name."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer
from PIL import Image
from pydantic import BaseModel, ConfigDict

from bot.runway.simulator.fields import Kind

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")
# Containers by their first bytes, so that no playlist or script format is ever opened.
_MP4, _MATROSKA, _OGG = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "ogg"


class Asset(BaseModel):
    """An input file and its measures; `file` is empty when only a placeholder stands for it."""

    model_config = ConfigDict(frozen=True)

    role: str
    kind: Kind
    tag: str = ""
    file: str = ""
    broken: bool = False
    width: int = 1280
    height: int = 720
    seconds: float = 5.0
    frames: int = 120

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height


class Undecodable(Exception):
    """The bytes are not an image or video that Runway reads."""


def measure(path: Path, kind: Kind) -> dict[str, float]:
    """Width, height and, for a video, seconds and frames. Raises Undecodable."""
    return _measure_image(path) if kind == "image" else _measure_video(path)


def _measure_image(path: Path) -> dict[str, float]:
    with open_image(path) as image:
        return {"width": image.width, "height": image.height}


def _measure_video(path: Path) -> dict[str, float]:
    with open_video(path) as container:
        stream = container.streams.video[0]
        seconds = _seconds_of(container)
        rate = float(stream.average_rate or 24)
        frames = stream.frames or max(1, round(seconds * rate))
        width, height = stream.codec_context.width, stream.codec_context.height
    first_frame(path)
    return {"width": width, "height": height, "seconds": seconds, "frames": frames}


def _seconds_of(container: InputContainer) -> float:
    if container.duration:
        return float(container.duration / av.time_base)
    # A browser's own recordings carry no duration: the last packet tells.
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux(video=0)
        if packet.pts is not None and packet.time_base is not None
    ]
    return max(ends, default=0.0)


@contextlib.contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """A still image, fully decoded. Raises Undecodable."""
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            image.load()
            yield image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise Undecodable(str(error)) from error


@contextlib.contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """A container with at least one video stream. Raises Undecodable."""
    try:
        with av.open(str(path), format=_container_of(path)) as container:
            if not container.streams.video:
                raise Undecodable("no video stream")
            yield container
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Undecodable(str(error)) from error


def first_frame(path: Path) -> Image.Image:
    """The first picture of a video. Raises Undecodable."""
    with open_video(path) as container:
        for frame in container.decode(video=0):
            picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
            return picture
    raise Undecodable("no frame")


def _container_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide"):
        return _MP4
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _MATROSKA
    if head.startswith(b"OggS"):
        return _OGG
    raise Undecodable("not a video container that Runway reads")
