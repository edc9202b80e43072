"""Moving pictures from still ones: a slow move over the image, as frames that an encoder takes.

All of it is done on the planes of YUV 4:2:0, half the work of RGB and no conversion per frame.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import av
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from bot.runway.simulator.studio import lettering
from bot.runway.simulator.studio.scenes import Size

FPS = 24
_ROOM = 1.2  # how much larger than the frame the image is, for the move over it
_BLACK, _WHITE, _GREY = 16, 235, 128  # video levels: luma 16 to 235, chroma around 128

Planes = tuple[Image.Image, ...]


@dataclass(frozen=True)
class Clip:
    """What a video shows: stills that it moves over and fades between, and how it is written.

    Beyond so many `pixels` in all its frames, a drawn one is shown more than once.
    """

    stills: Sequence[Image.Image]
    size: Size
    seconds: float
    pixels: int
    prompt: str
    note: str
    look: int = 0
    audio: bool = False
    prores: str = ""

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return max(1, round(self.seconds * FPS))


def draw(clip: Clip, keep_going: Callable[[], None]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Each frame that is drawn, with how many times it is shown in a row."""
    width, height = clip.size
    strip = lettering.caption(clip.size, clip.prompt, clip.note)
    large = _half(round(width * _ROOM)) * 2, _half(round(height * _ROOM)) * 2
    bases = [_to_planes(_prepared(still, large, strip.height)) for still in clip.stills]
    held = min(8, math.ceil(clip.frames * width * height / clip.pixels))
    for n in range(0, clip.frames, held):
        keep_going()
        share = n / max(1, clip.frames - 1)
        views = [_view(base, clip, large, share) for base in bases]
        planes = views[0] if len(views) == 1 else _faded(views[0], views[-1], _eased(share))
        _lay(strip, planes, clip.size)
        bar = (0, height - max(3, height // 200), round(width * share), height)
        ImageDraw.Draw(planes[0]).rectangle(bar, fill=_WHITE)
        yield min(held, clip.frames - n), _to_frame(planes, clip.size)


def _half(length: int) -> int:
    return (length + 1) // 2


def _eased(share: float) -> float:
    return share * share * (3 - 2 * share)


def _prepared(still: Image.Image, size: Size, soft: int) -> Image.Image:
    """The still at this size, its lowest pixels blurred: words there would mix with the caption."""
    base = ImageOps.fit(still, size, Image.Resampling.BICUBIC)
    top = size[1] - min(size[1], round(soft * _ROOM * 1.1))
    lower = base.crop((0, top, *size))
    mask = Image.linear_gradient("L").resize(lower.size).point(lambda v: min(255, v * 4))
    base.paste(lower.filter(ImageFilter.GaussianBlur(min(size) * 0.025)), (0, top), mask)
    return base


def _to_planes(picture: Image.Image) -> Planes:
    luma, *chroma = picture.convert("YCbCr").split()
    half = _half(picture.width), _half(picture.height)
    small = [plane.resize(half, Image.Resampling.BOX) for plane in chroma]
    levels = luma.point(lambda v: round(_BLACK + v * 219 / 255))
    return levels, *(p.point(lambda v: round(_GREY + (v - 128) * 224 / 255)) for p in small)


def _view(base: Planes, clip: Clip, size: Size, share: float) -> Planes:
    """What is seen of the enlarged image at this share of the clip."""
    wide, tall = size
    zoom = 1 / _ROOM + (1 - 1 / _ROOM) * (1 - _eased(share))
    angle = clip.look % 360 / 180 * math.pi
    x = (wide - wide * zoom) * (0.5 + 0.5 * math.cos(angle) * share)
    y = (tall - tall * zoom) * (0.5 + 0.5 * math.sin(angle) * share)
    window = (x, y, x + wide * zoom, y + tall * zoom)
    half = (window[0] / 2, window[1] / 2, window[2] / 2, window[3] / 2)
    sizes = (clip.size, *((_half(clip.size[0]), _half(clip.size[1])),) * 2)
    return tuple(
        plane.resize(to, Image.Resampling.BILINEAR, box=box)
        for plane, to, box in zip(base, sizes, (window, half, half), strict=True)
    )


def _faded(first: Planes, last: Planes, share: float) -> Planes:
    return tuple(Image.blend(a, b, share) for a, b in zip(first, last, strict=True))


def _lay(strip: Image.Image, planes: Planes, size: Size) -> None:
    """A caption has no colour: its luma goes onto the luma, and the chroma turns grey under it."""
    luma = strip.convert("L").point(lambda v: round(_BLACK + v * 219 / 255))
    mask = strip.getchannel("A")
    planes[0].paste(luma, (0, size[1] - strip.height), mask)
    small = mask.resize((_half(strip.width), _half(strip.height)), Image.Resampling.BOX)
    for plane in planes[1:]:
        plane.paste(_GREY, (0, plane.height - small.height), small)


def _to_frame(planes: Planes, size: Size) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    for plane, picture in zip(frame.planes, planes, strict=True):
        # The encoder's rows are padded: the stride makes Pillow write them just as long.
        plane.update(picture.tobytes("raw", "L", plane.line_size, 1))
    return frame
