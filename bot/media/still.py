"""Decoding an image with Pillow. Runs in the child process only."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bot.media.errors import Reason, UnusableFile

_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height


def measure(
    path: Path, container: str, *, check_size: Callable[[int, int], None]
) -> dict[str, object]:
    """Decode the whole image as `container` (a Pillow format name); what we learnt from it."""
    # We judge the size ourselves, so that a refusal can tell it: opening decodes no pixels.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path, formats=[container]) as image:
            check_size(*image.size)
            image.verify()  # a PNG's checksums: decoding alone does not look at them
        with Image.open(path, formats=[container]) as image:
            turned = _orientation(image) in _TURNED
            image.load()
            width, height = reversed(image.size) if turned else image.size
    except MemoryError:
        raise UnusableFile(Reason.TOO_MANY_PIXELS, detail="out of memory") from None
    return {"width": width, "height": height}


def _orientation(image: Image.Image) -> int:
    # Broken EXIF raises whatever its parser stumbled over; the picture is fine without it.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1
