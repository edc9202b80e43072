"""Small real files, made by the libraries that people's files come from."""

from pathlib import Path

import av
from PIL import Image


def picture(path: Path, size: tuple[int, int] = (640, 360)) -> Path:
    """Write a photo-like image in the format that the name says."""
    Image.effect_noise(size, 60).convert("RGB").save(path)
    return path


def film(path: Path, seconds: float, size: tuple[int, int] = (320, 192), rate: int = 24) -> Path:
    """Write an H.264 video of so many seconds."""
    noise = Image.effect_noise(size, 40).convert("RGB")
    with av.open(str(path), "w") as opened:
        stream = opened.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        frame = av.VideoFrame.from_image(noise)  # type: ignore[no-untyped-call]  # PyAV has no types here
        for number in range(round(seconds * rate)):
            frame.pts = number
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode())
    return path
