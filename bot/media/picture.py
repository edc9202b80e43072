"""Making an image acceptable: upright, in plain colours, no larger than needed, nothing but pixels.

Runs in the child process only.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms

from bot.media.errors import Reason, UnusableFile
from bot.media.still import CheckSize, opened, orientation, out_of_memory

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
# Pictures that were drawn rather than photographed stay exact.
_EXACT = frozenset({"PNG", "GIF", "BMP"})
_PHOTO_QUALITY = 95
# What a reduced copy is tried with, one after the other: quality, and share of the sides.
_STEPS = ((92, 1.0), (85, 1.0), (85, 0.75), (80, 0.5), (75, 0.35), (70, 0.25), (60, 0.125))


@dataclass(frozen=True, slots=True)
class Wanted:
    """`side` is the longest that a side may be; `shape` is what to `pad` or `crop` to."""

    side: int
    pad: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None


def convert(
    path: Path, container: str, target: Path, wanted: Wanted, check_size: CheckSize
) -> dict[str, object]:
    """Write the image anew as JPEG or PNG, without its metadata; what it has become."""
    with opened(path, container, check_size) as image, out_of_memory():
        exact = container in _EXACT or (container == "WEBP" and _is_lossless(path))
        picture = _shaped(_shrunk(_plain(image, wanted.side), wanted.side), wanted)
        exact = exact or picture.mode in ("RGBA", "LA")
        _write(picture, target, "PNG" if exact else "JPEG", _PHOTO_QUALITY)
        return _facts(picture, "png" if exact else "jpeg")


def reduce(
    path: Path, container: str, target: Path, limit: int, check_size: CheckSize
) -> dict[str, object]:
    """Write the image in at most `limit` bytes: as JPEG, or as WebP where it is transparent."""
    with opened(path, container, check_size) as image, out_of_memory():
        picture = _plain(image, max(image.size))
        kind = "WEBP" if picture.mode in ("RGBA", "LA") else "JPEG"
        for quality, share in _STEPS:
            smaller = _shrunk(picture, max(1, round(max(picture.size) * share)))
            _write(smaller, target, kind, quality)
            if target.stat().st_size <= limit:
                return _facts(smaller, kind.lower())
    raise UnusableFile(Reason.TOO_LARGE, limit=limit, actual=target.stat().st_size)


def _plain(image: Image.Image, side: int) -> Image.Image:
    """Upright, in 8 bits of grey or sRGB; with transparency only where something shows through."""
    profile = image.info.get("icc_profile")
    if image.format == "JPEG":
        # libjpeg halves while it decodes: a 100-megapixel photo then costs little memory.
        image.draft(None, (side, side))
    image.load()
    turn = _TURNS.get(orientation(image))  # not before: Pillow turns a TIFF while it loads it
    picture = _colours(image, profile)
    return picture if turn is None else picture.transpose(turn)


def _colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in _SIXTEEN_BITS:
        return _eight_bits(image)
    if image.mode == "F":
        return image.convert("L")
    clear = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    if clear:
        return _opaque_if_whole(_in_srgb(image.convert("RGBA"), profile))
    if image.mode == "L" or image.mode == "1":
        return image.convert("L")
    if image.mode == "CMYK":
        # Its profile tells what the inks look like; without one this is a guess like any other.
        return _in_srgb(image, profile).convert("RGB")
    return _in_srgb(image.convert("RGB"), profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    low, high = image.getextrema()
    assert isinstance(low, int | float)  # noqa: S101  # one band has one pair
    assert isinstance(high, int | float)  # noqa: S101  # as above
    if high <= 255 and image.mode == "I":
        return image.convert("L")
    wide = image.convert("I")
    return wide.point(lambda value: value * (1 / 256)).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as they are meant: phones photograph in Display P3, models expect sRGB."""
    if not profile:
        return image
    # A broken or foreign profile costs its colours, not the picture.
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
        source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        mode = "RGB" if image.mode == "CMYK" else image.mode
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode=mode)
        return converted or image
    return image


def _opaque_if_whole(image: Image.Image) -> Image.Image:
    low, _ = image.getchannel("A").getextrema()
    return image.convert("RGB") if low == 255 else image


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    longest = max(picture.size)
    if longest <= side:
        return picture
    width, height = (max(1, round(length * side / longest)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _shaped(picture: Image.Image, wanted: Wanted) -> Image.Image:
    """Padded or cropped to a shape, about the centre."""
    shape = wanted.pad or wanted.crop
    if shape is None:
        return picture
    across, down = shape
    width, height = picture.size
    wider = width * down > height * across
    if (wanted.crop is not None) == wider:
        width = max(1, round(height * across / down))
    else:
        height = max(1, round(width * down / across))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    if wanted.crop is not None:
        return picture.crop((left, top, left + width, top + height))
    canvas = Image.new("RGB", (width, height))
    canvas.paste(picture, (-left, -top), picture if picture.mode == "RGBA" else None)
    return canvas


def _write(picture: Image.Image, target: Path, kind: str, quality: int) -> None:
    clean = picture.copy()
    clean.info = {}  # comments, EXIF, XMP and profiles: Pillow writes some of them by itself
    if kind == "PNG":
        clean.save(target, "PNG", compress_level=6)
    elif kind == "WEBP":
        clean.save(target, "WEBP", quality=quality, method=2)
    else:
        subsampling = 0 if quality >= _PHOTO_QUALITY else 2
        clean.save(target, "JPEG", quality=quality, subsampling=subsampling, optimize=False)


def _is_lossless(path: Path) -> bool:
    with path.open("rb") as file:
        return b"VP8L" in file.read(64)


def _facts(picture: Image.Image, kind: str) -> dict[str, object]:
    return {"type": kind, "width": picture.width, "height": picture.height}
