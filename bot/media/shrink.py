"""Fitting a video into so many bytes: what to give up, and how much of it. Child process only."""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bot.media.errors import Reason, UnusableFile
from bot.media.reel import Recipe, encode

# What an encoder may come out above its word, and the container's own share.
MARGIN = 0.94
# H.264 at this preset looks decent from so many bits per pixel on.
_BITS_PER_PIXEL = 0.045
_LEAST_SHORT_SIDE = 360
_LEAST_RATE = 12
_LEAST_BITS = 40_000
_MOST_SOUND, _LEAST_SOUND = 128_000, 24_000


@dataclass(frozen=True, slots=True)
class Footage:
    """A video as it is: pixels as shown, frames and sound a second, bytes."""

    width: int
    height: int
    seconds: float
    rate: float
    size: int


def shrink(
    path: Path, container: str, target: Path, footage: Footage, limit: int, pixels: int
) -> dict[str, object]:
    """Write at most `limit` bytes in at most two passes; UnusableFile where that cannot be."""
    budget = limit * 8 * MARGIN / footage.seconds
    # What is small enough as it is only changes its codec: the limit is a lid, no aim.
    recipe = plan(footage, budget, aim=footage.size > limit)
    encode(path, container, target, recipe, pixels)
    size = target.stat().st_size
    if size > limit:
        recipe = plan(footage, budget * min(0.97, limit * MARGIN / size), aim=True)
        encode(path, container, target, recipe, pixels)
        size = target.stat().st_size
    if size > limit:
        raise UnusableFile(Reason.TOO_LARGE, limit=limit, actual=size)
    return {"width": recipe.width, "height": recipe.height}


def plan(footage: Footage, budget: float, *, aim: bool) -> Recipe:
    """The recipe for `budget` bits a second: the shape is kept, then the frame rate, then the size."""
    sound = round(min(_MOST_SOUND, max(_LEAST_SOUND, budget / 10)))
    bits = round(budget - sound)
    if bits < _LEAST_BITS:
        raise UnusableFile(Reason.TOO_LARGE, limit=budget, detail="too long for the limit")
    if not aim:
        width, height = even(footage.width, footage.height, 1.0)
        return Recipe(width, height, most_bits=bits, sound_bits=sound)
    short, rate = min(footage.width, footage.height), footage.rate
    share = _share(bits, footage, rate)
    floor = min(1.0, _LEAST_SHORT_SIDE / short)
    if share < floor and rate > _LEAST_RATE:
        rate = max(_LEAST_RATE, rate / 2)
        share = max(_share(bits, footage, rate), floor / 2)
    width, height = even(footage.width, footage.height, min(1.0, share))
    fewer = Fraction(rate).limit_denominator(1001) if rate < footage.rate else None
    return Recipe(width, height, rate=fewer, bits=bits, sound_bits=sound)


def _share(bits: int, footage: Footage, rate: float) -> float:
    """How much of its sides a picture keeps, so that each pixel gets its bits."""
    wanted = _BITS_PER_PIXEL * footage.width * footage.height * rate
    return math.sqrt(bits / wanted)


def even(width: int, height: int, share: float) -> tuple[int, int]:
    """The scaled size in even numbers, which 4:2:0 needs."""
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)
