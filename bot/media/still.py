"""Decoding an image with Pillow, and HEIC with FFmpeg. Runs in the child process only."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bot.media.errors import Reason, UnusableFile

HEIF = "HEIF"  # our own name: Pillow has no decoder for it
CheckSize = Callable[[int, int], None]
_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height


def measure(path: Path, container: str, *, check_size: CheckSize) -> dict[str, object]:
    """Decode the whole image as `container` (a Pillow format name); what we learnt from it."""
    if container != HEIF:
        _verify(path, container, check_size)
    with opened(path, container, check_size) as image:
        animated = is_animated(image)
        with out_of_memory():
            image.load()
        turned = orientation(image) in _TURNED  # not before: Pillow turns a TIFF while it loads it
        width, height = reversed(image.size) if turned else image.size
    return {"width": width, "height": height, "animated": animated}


@contextmanager
def opened(path: Path, container: str, check_size: CheckSize) -> Iterator[Image.Image]:
    """The image; the pixels of all but HEIC are decoded only when they are asked for."""
    if container == HEIF:
        from bot.media.heif import open_heif

        with out_of_memory():
            picture = open_heif(path, check_size)
        yield picture
        return
    # We judge the size ourselves, so that a refusal can tell it: opening decodes no pixels.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path, formats=[container]) as image:
        check_size(*image.size)
        yield image


@contextmanager
def out_of_memory() -> Iterator[None]:
    """Too many pixels for this process, told as such."""
    try:
        yield
    except MemoryError:
        raise UnusableFile(Reason.TOO_MANY_PIXELS, detail="out of memory") from None


def orientation(image: Image.Image) -> int:
    """EXIF's word for how the picture is turned; 1 is upright."""
    # Broken EXIF raises whatever its parser stumbled over; the picture is fine without it.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def is_animated(image: Image.Image) -> bool:
    """Whether there is more than one picture that is shown; further ones of a TIFF or a phone are not."""
    with contextlib.suppress(Exception):
        return image.format not in ("TIFF", "MPO") and bool(getattr(image, "is_animated", False))
    return False


def _verify(path: Path, container: str, check_size: CheckSize) -> None:
    with opened(path, container, check_size) as image, out_of_memory():
        image.verify()  # a PNG's checksums: decoding alone does not look at them
