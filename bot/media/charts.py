"""A chart of what was used: a bar for each day, in the colours of the members."""

import asyncio
import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import cycle

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1000, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 240, 60, 50
# Members with a colour of their own; the others share the last one.
_COLOURS = ("#4C78A8", "#F58518", "#54A24B", "#E45756", "#72B7B2", "#B279A2", "#9D9DA1")
_INK, _FAINT, _PAPER = "#222222", "#DDDDDD", "#FFFFFF"
_MOST_LETTERS = 20
# Marks on the axes.
_STEPS, _MOST_DAYS_NAMED = 4, 8

Series = Mapping[str, Sequence[int]]


async def draw_chart(title: str, days: Sequence[date], used: Series) -> bytes:
    """The chart as a PNG; `used` are each member's credits by day, the most first."""
    return await asyncio.to_thread(_draw, title, days, used)


def _draw(title: str, days: Sequence[date], used: Series) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    canvas = ImageDraw.Draw(image)
    series = _folded(used, len(days))
    tallest = max((sum(each) for each in zip(*series.values(), strict=True)), default=0)
    top = _round_up(tallest)
    canvas.text((_LEFT, 18), title, fill=_INK, font=_font(22))
    _axes(canvas, days, top)
    _bars(canvas, series, len(days), top)
    _legend(canvas, series)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _folded(used: Series, days: int) -> dict[str, Sequence[int]]:
    """As many members as there are colours; the rest together."""
    own = len(_COLOURS) if len(used) <= len(_COLOURS) else len(_COLOURS) - 1
    folded = dict(list(used.items())[:own])
    others = list(used.values())[own:]
    if others:
        folded[f"{len(others)} others"] = [sum(day) for day in zip(*others, strict=True)]
    return folded or {"nobody": [0] * days}


def _axes(canvas: ImageDraw.ImageDraw, days: Sequence[date], top: int) -> None:
    font = _font(14)
    for step in range(_STEPS + 1):
        y = _height(top * step / _STEPS, top)
        canvas.line((_LEFT, y, WIDTH - _RIGHT, y), fill=_FAINT)
        canvas.text((_LEFT - 10, y), f"{top * step // _STEPS}", fill=_INK, font=font, anchor="rm")
    every = -(-len(days) // _MOST_DAYS_NAMED)
    for number, day in enumerate(days):
        if number % every == 0:
            x = _LEFT + _slot(len(days)) * (number + 0.5)
            label = f"{day.day}.{day.month}."
            canvas.text((x, HEIGHT - _BOTTOM + 10), label, fill=_INK, font=font, anchor="ma")


def _bars(
    canvas: ImageDraw.ImageDraw, series: Mapping[str, Sequence[int]], days: int, top: int
) -> None:
    slot = _slot(days)
    gap = min(slot * 0.15, 20)
    for number in range(days):
        below = 0
        for colour, credits in zip(_COLOURS, series.values(), strict=False):
            if credits[number]:
                left, right = _LEFT + slot * number + gap, _LEFT + slot * (number + 1) - gap
                box = (left, _height(below + credits[number], top), right, _height(below, top))
                canvas.rectangle(box, fill=colour)
            below += credits[number]


def _legend(canvas: ImageDraw.ImageDraw, series: Mapping[str, Sequence[int]]) -> None:
    font, x = _font(15), WIDTH - _RIGHT + 20
    for row, (name, credits) in enumerate(series.items()):
        y = _TOP + 10 + 28 * row
        canvas.rectangle((x, y, x + 14, y + 14), fill=_COLOURS[row])
        shown = _drawable(name) or f"member {row + 1}"
        canvas.text((x + 22, y - 2), f"{shown}  {sum(credits)}", fill=_INK, font=font)


def _drawable(name: str) -> str:
    """A name in letters that Pillow's own font has; the words beside the chart have it whole."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    return plain if len(plain) <= _MOST_LETTERS else f"{plain[: _MOST_LETTERS - 2]}.."


def _slot(days: int) -> float:
    return (WIDTH - _LEFT - _RIGHT) / max(1, days)


def _height(credits: float, top: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * credits / top


def _round_up(credits: int) -> int:
    """4, 8, 20, 40, 80, 200 …: a number at least so large that the marks divide well."""
    size = _STEPS
    for numerator, denominator in cycle(((2, 1), (5, 2), (2, 1))):
        if size >= credits:
            break
        size = size * numerator // denominator
    return size


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
