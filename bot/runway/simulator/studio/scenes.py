"""Little landscapes made from nothing but a prompt and a number: the same two, the same picture."""

import hashlib
import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Size = tuple[int, int]


_GROUND = 0.6  # the share of the height at which the ground begins


@dataclass(frozen=True)
class Palette:
    """From the top of the sky to the nearest ground, and the light in it."""

    zenith: Colour
    middle: Colour
    horizon: Colour
    ground: Colour
    light: Colour


PALETTES = (
    Palette((38, 35, 84), (168, 74, 122), (255, 176, 122), (28, 22, 48), (255, 236, 196)),
    Palette((20, 52, 92), (70, 142, 178), (232, 220, 190), (14, 40, 52), (255, 248, 224)),
    Palette((14, 18, 48), (44, 62, 124), (134, 128, 186), (8, 12, 30), (226, 232, 255)),
    Palette((62, 30, 66), (206, 84, 86), (255, 198, 116), (44, 20, 40), (255, 242, 184)),
    Palette((24, 70, 84), (88, 170, 150), (246, 232, 176), (14, 46, 48), (255, 252, 222)),
    Palette((72, 56, 120), (196, 128, 182), (255, 208, 196), (46, 34, 82), (255, 244, 236)),
    Palette((10, 34, 44), (24, 104, 104), (142, 214, 164), (6, 22, 28), (230, 255, 228)),
    Palette((96, 52, 40), (214, 132, 78), (252, 222, 162), (58, 30, 28), (255, 246, 214)),
)


def paint(size: Size, prompt: str, look: int, most: int | None = None) -> Image.Image:
    """A picture of exactly this size; beyond so many pixels, a smaller one is enlarged."""
    if most is not None and size[0] * size[1] > most:
        share = math.sqrt(most / (size[0] * size[1]))
        small = max(8, round(size[0] * share)), max(8, round(size[1] * share))
        return paint(small, prompt, look).resize(size, Image.Resampling.NEAREST)
    digest = hashlib.sha256(f"{look}\n{prompt}".encode(errors="replace")).digest()
    chance = random.Random(digest)  # noqa: S311  # a picture is no secret
    palette = chance.choice(PALETTES)
    scene = chance.choice((_hills, _hills, _sea))
    return scene(size, palette, chance)


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _sky(size: Size, palette: Palette) -> Image.Image:
    # The gradient ends where the ground begins, so that the brightest part is seen.
    upper = (size[0], round(size[1] * _GROUND))
    ramp = Image.new("L", size, 255)
    ramp.paste(Image.linear_gradient("L").resize(upper, Image.Resampling.BICUBIC))
    return ImageOps.colorize(ramp, palette.zenith, palette.horizon, mid=palette.middle)


def _glow(size: Size, centre: tuple[float, float], radius: float, colour: Colour) -> Image.Image:
    """Light that falls off around a point, on black: to be added to a picture."""
    small = (max(1, size[0] // 8), max(1, size[1] // 8))
    x, y, r = centre[0] / 8, centre[1] / 8, radius / 8
    layer = Image.new("RGB", small)
    ImageDraw.Draw(layer).ellipse((x - r, y - r, x + r, y + r), fill=colour)
    blurred = layer.filter(ImageFilter.GaussianBlur(r * 0.9))
    return blurred.resize(size, Image.Resampling.BICUBIC)


def _disc(picture: Image.Image, centre: tuple[float, float], radius: float, fill: Colour) -> None:
    side = round(radius * 2)
    mask = Image.new("L", (side * 3, side * 3))
    ImageDraw.Draw(mask).ellipse((3, 3, side * 3 - 3, side * 3 - 3), fill=255)
    mask = mask.resize((side, side), Image.Resampling.LANCZOS)
    picture.paste(fill, (round(centre[0] - radius), round(centre[1] - radius)), mask)


def _stars(picture: Image.Image, chance: random.Random, below: float) -> None:
    width, height = picture.size
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(140):
        x, y = chance.random() * width, chance.random() ** 1.6 * height * below
        r = chance.uniform(0.0005, 0.0014) * min(width, height)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 255, chance.randint(50, 190)))


def _lit_sky(
    size: Size, palette: Palette, chance: random.Random, heights: tuple[float, float]
) -> tuple[Image.Image, tuple[float, float], float]:
    """A sky with its sun or moon: the picture, where the light is, and how large."""
    width, height = size
    centre = (width * chance.uniform(0.25, 0.75), height * chance.uniform(*heights))
    radius = min(size) * chance.uniform(0.07, 0.12)
    picture = _sky(size, palette)
    if sum(palette.zenith) < 140:
        _stars(picture, chance, 0.6)
    for reach, strength in ((3.4, 0.4), (1.5, 0.55)):
        glow = _glow(size, centre, radius * reach, _mix((0, 0, 0), palette.light, strength))
        picture = ImageChops.screen(picture, glow)
    _disc(picture, centre, radius, palette.light)
    return picture, centre, radius


def _ridge(size: Size, chance: random.Random, level: float, rough: float) -> list[Size]:
    width, height = size
    turn, sin = math.tau / width, math.sin
    waves = [
        (chance.uniform(0.6, 1.4) * 2**n * turn, chance.random() * math.tau, rough / 1.7**n)
        for n in range(5)
    ]
    # A list inside of sum: it is half of what the picture takes.
    return [
        (x, round(height * (level + sum([a * sin(f * x + p) for f, p, a in waves]))))
        for x in range(0, width + 8, 4)
    ]


def _hills(size: Size, palette: Palette, chance: random.Random) -> Image.Image:
    picture, _, _ = _lit_sky(size, palette, chance, (0.25, 0.5))
    double = (size[0] * 2, size[1] * 2)
    rough = chance.uniform(0.022, 0.05)
    for n in range(5):
        share = n / 4
        line = _ridge(double, chance, 0.54 + 0.095 * n, rough * (1 + share / 3))
        colour = _mix(
            _mix(palette.middle, palette.horizon, 0.35), palette.ground, 0.2 + 0.8 * share
        )
        _fill_below(line, picture, colour)
    return picture


def _fill_below(line: list[Size], picture: Image.Image, colour: Colour) -> None:
    """Fill what is below a line, given at double the picture's size: that smooths its edge."""
    width, height = picture.size
    heights = [y for _, y in line]
    # Only what is beside the line needs a mask.
    top = min(height, max(0, min(heights) // 2 - 1))
    foot = min(height, max(top, max(heights) // 2 + 2))
    if foot > top:
        mask = Image.new("L", (width * 2, (foot - top) * 2))
        edge = [(x, y - top * 2) for x, y in line]
        ends = [(width * 2 + 8, mask.height), (0, mask.height)]
        ImageDraw.Draw(mask).polygon([*edge, *ends], fill=255)
        picture.paste(colour, (0, top), mask.resize((width, foot - top), Image.Resampling.BOX))
    picture.paste(colour, (0, foot, width, height))


def _sea(size: Size, palette: Palette, chance: random.Random) -> Image.Image:
    width, height = size
    picture, centre, radius = _lit_sky(size, palette, chance, (0.22, 0.42))
    line = round(height * _GROUND)
    water = ImageOps.flip(picture.crop((0, line - (height - line), width, line)))
    water = Image.blend(water, Image.new("RGB", water.size, palette.ground), 0.5)
    picture.paste(water.filter(ImageFilter.GaussianBlur(min(size) * 0.008)), (0, line))
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(160):
        depth = chance.random() ** 1.5
        y = line + depth * (height - line)
        spread = radius * (0.8 + 2.6 * depth)
        x, half = chance.gauss(centre[0], spread * 0.5), spread * chance.uniform(0.08, 0.4)
        thick = max(1.0, min(size) * 0.003 * (0.5 + depth))
        light = (*palette.light, chance.randint(40, 130))
        draw.rounded_rectangle((x - half, y, x + half, y + thick), radius=thick / 2, fill=light)
    return picture
