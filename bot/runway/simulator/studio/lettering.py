"""Words on pictures: the prompt, a small line below it, and references with their tags."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.runway.simulator.studio.scenes import Size

Font = ImageFont.FreeTypeFont
MOST_LINES = 4
_WHITE, _SOFT = (255, 255, 255, 255), (255, 255, 255, 190)


def _font(size: float) -> Font:
    font = ImageFont.load_default(max(10, round(size)))
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType: there is no scalable font")
    return font


def _pieces(word: str, font: Font, width: float) -> list[str]:
    """A word, cut where it does not fit on a line of its own."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def wrap(text: str, font: Font, width: float) -> list[str]:
    """The lines of a text that is at most `width` pixels wide."""
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, font, width):
            longer = f"{lines[-1]} {piece}".strip()
            if font.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
    return [line for line in lines if line]


def _fitted(text: str, side: int, width: float) -> tuple[Font, list[str]]:
    """The largest letters that need few lines; beyond that the text is cut with an ellipsis."""
    font, lines = _font(side * 0.05), [text]
    for share in (0.052, 0.044, 0.037, 0.031):
        font = _font(side * share)
        lines = wrap(text, font, width)
        if len(lines) <= MOST_LINES:
            return font, lines
    last = lines[MOST_LINES - 1]
    while last and font.getlength(last + "…") > width:
        last = last[:-1]
    return font, [*lines[: MOST_LINES - 1], last.rstrip() + "…"]


def caption(size: Size, prompt: str, note: str) -> Image.Image:
    """A see-through strip for the lower edge of a picture of this size, as wide as it is."""
    width, height = size
    side, margin = min(size), round(min(size) * 0.045)
    font, lines = _fitted(prompt[:1200], side, width - 2 * margin) if prompt else (_font(10), [])
    small = _font(side * 0.026)
    step, foot = round(font.size * 1.28), round(small.size * 1.5)
    tall = min(height, len(lines) * step + foot + 3 * margin)
    strip = Image.new("RGBA", (width, tall))
    shade = (
        Image.linear_gradient("L").resize((width, tall)).point(lambda v: min(205, round(v * 1.6)))
    )
    strip.putalpha(shade)
    draw = ImageDraw.Draw(strip)
    top = tall - margin - foot - len(lines) * step
    for n, line in enumerate(lines):
        draw.text((margin, top + n * step), line, font=font, fill=_WHITE)
    draw.text((margin, tall - margin - foot * 0.7), note, font=small, fill=_SOFT)
    return strip


def lay(strip: Image.Image, picture: Image.Image) -> None:
    """Put a caption on the lower edge of a picture."""
    picture.paste(strip, (0, picture.height - strip.height), strip)


def pin(references: Sequence[tuple[Image.Image, str]], picture: Image.Image) -> None:
    """Put small copies of references, with their tags, into the upper right corner."""
    side = min(picture.size)
    edge, margin, frame = round(side * 0.2), round(side * 0.035), max(2, round(side * 0.005))
    font = _font(side * 0.026)
    draw = ImageDraw.Draw(picture, "RGBA")
    for n, (reference, tag) in enumerate(reversed(references)):
        x, y = picture.width - (n + 1) * (edge + margin), margin
        box = (x - frame, y - frame, x + edge + frame - 1, y + edge + frame - 1)
        draw.rounded_rectangle(box, radius=frame * 3, fill=_WHITE)
        small = ImageOps.fit(reference, (edge, edge), Image.Resampling.LANCZOS)
        mask = Image.new("L", small.size)
        whole = (0, 0, edge - 1, edge - 1)
        ImageDraw.Draw(mask).rounded_rectangle(whole, radius=frame * 2, fill=255)
        picture.paste(small, (x, y), mask)
        if tag:
            _label(draw, (x, y + edge + frame * 3), edge, f"@{tag}", font)


def _label(draw: ImageDraw.ImageDraw, at: Size, width: int, text: str, font: Font) -> None:
    middle = at[0] + width / 2
    half, tall = font.getlength(text) / 2 + font.size * 0.6, font.size * 1.6
    box = (middle - half, at[1], middle + half, at[1] + tall)
    draw.rounded_rectangle(box, radius=tall / 2, fill=(0, 0, 0, 150))
    draw.text((middle, at[1] + tall / 2), text, font=font, fill=_WHITE, anchor="mm")
