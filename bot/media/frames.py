"""Single pictures out of a video: one to stand for it, and the last one. Child process only."""

from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.media.errors import Reason, UnusableFile
from bot.media.film import OPTIONS, picture_stream

_POSTER_SIDE = 1280
_MOST_PACKETS = 2000  # between the last key frame and the end


def poster(path: Path, container: str, target: Path, pixels: int) -> dict[str, object]:
    """Write the first picture as a JPEG of moderate size."""
    picture = _picture(path, container, pixels, last=False)
    picture.thumbnail((_POSTER_SIDE, _POSTER_SIDE), Image.Resampling.LANCZOS)
    picture.save(target, "JPEG", quality=85)
    return {"width": picture.width, "height": picture.height}


def last_frame(path: Path, container: str, target: Path, pixels: int) -> dict[str, object]:
    """Write the last picture as a PNG: a new video is to begin with exactly this."""
    picture = _picture(path, container, pixels, last=True)
    picture.save(target, "PNG")
    return {"width": picture.width, "height": picture.height}


def _picture(path: Path, container: str, pixels: int, *, last: bool) -> Image.Image:
    options = OPTIONS | {"max_pixels": str(pixels)}
    with av.open(str(path), "r", format=container, options=options) as opened:
        stream = picture_stream(opened)
        stream.codec_context.thread_count = 1
        frame = _last(opened, stream) if last else next(opened.decode(stream), None)
        if frame is None:
            raise UnusableFile(Reason.UNDECODABLE, detail="no frame could be decoded")
        picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _last(opened: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The last frame in the order in which they are shown."""
    end = max((p.pts for p in opened.demux(stream) if p.pts is not None), default=0)
    opened.seek(end, stream=stream)
    shown: VideoFrame | None = None
    for packet in islice(opened.demux(stream), _MOST_PACKETS):
        for frame in packet.decode():
            if isinstance(frame, VideoFrame) and (shown is None or _after(frame, shown)):
                shown = frame
    return shown


def _after(frame: VideoFrame, other: VideoFrame) -> bool:
    return (frame.pts or 0) >= (other.pts or 0)
