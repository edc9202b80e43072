"""Images from outside: what is learnt of good ones, and how bad ones are refused."""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.media.children import Budget
from bot.media.errors import Reason, UnusableFile
from bot.media.inspect import Limits, MediaInfo
from bot.media.inspect import inspect as inspect_outside
from tests.media.inside import inspect

Picture = Callable[..., Path]


async def _refusal(
    path: Path, name: str | None = None, limits: Limits | None = None
) -> UnusableFile:
    with pytest.raises(UnusableFile) as caught:
        await inspect(path, name or path.name, limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    ("name", "content_type", "extension"),
    [
        ("a.jpg", "image/jpeg", "jpg"),
        ("a.png", "image/png", "png"),
        ("a.webp", "image/webp", "webp"),
    ],
)
async def test_a_good_image_tells_its_facts(
    picture: Picture, name: str, content_type: str, extension: str
) -> None:
    path = picture(name, size=(80, 60))
    data = path.read_bytes()
    assert await inspect(path, name) == MediaInfo(
        kind="image",
        content_type=content_type,
        extension=extension,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=80,
        height=60,
    )


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "a.jpg"), ("I;16", "a.png"), ("P", "a.png")])
async def test_unusual_colours_are_still_images(tmp_path: Path, mode: str, name: str) -> None:
    Image.new(mode, (20, 10)).save(tmp_path / name)
    info = await inspect(tmp_path / name, name)
    assert (info.width, info.height) == (20, 10)


@pytest.mark.parametrize(("orientation", "shown"), [(1, (80, 60)), (3, (80, 60)), (6, (60, 80))])
async def test_width_and_height_are_as_shown(
    picture: Picture, orientation: int, shown: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    info = await inspect(picture("a.jpg", size=(80, 60), exif=exif), "a.jpg")
    assert (info.width, info.height) == shown


async def test_a_phones_second_picture_is_no_animation(tmp_path: Path) -> None:
    """Depth, or a gain map, in what is a JPEG for everybody else."""
    first, second = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (64, 48), "blue")
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    info = await inspect(tmp_path / "phone.jpg", "phone.jpg")
    assert (info.content_type, info.animated) == ("image/jpeg", False)


async def test_broken_exif_does_not_spoil_a_picture(picture: Picture) -> None:
    path = picture("a.jpg", size=(80, 60), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff broken")
    info = await inspect(path, "a.jpg")
    assert (info.width, info.height) == (80, 60)


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert (await _refusal(tmp_path / "a.png")).reason is Reason.EMPTY


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
async def test_a_truncated_image_is_refused(picture: Picture, name: str, share: float) -> None:
    path = picture(name, size=(200, 200))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


async def test_a_signature_alone_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + b"noise" * 100)
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", b"not really")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"just some words\n", "text"),
        (b"<!doctype html><title>Not found</title>", "html"),
        (_zip(), "zip"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", "mp4"),
    ],
)
async def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, data: bytes, found: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    refusal = await _refusal(path, "photo.png")
    assert (refusal.reason, refusal.found) == (Reason.NAME_MISMATCH, found)


async def test_an_image_named_as_a_video_is_refused(picture: Picture) -> None:
    refusal = await _refusal(picture("a.png"), "a.mp4")
    assert (refusal.reason, refusal.found) == (Reason.NAME_MISMATCH, "png")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.gif", "image/gif"),
        ("a.bmp", "image/bmp"),
        ("a.tiff", "image/tiff"),
        ("a.avif", "image/avif"),
    ],
)
async def test_types_that_only_we_take_tell_their_facts(
    picture: Picture, name: str, content_type: str
) -> None:
    info = await inspect(picture(name, size=(80, 60)), name)
    assert (info.content_type, info.width, info.height) == (content_type, 80, 60)


async def test_known_types_that_are_not_taken_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    refusal = await _refusal(path)
    assert (refusal.reason, refusal.found) == (Reason.UNSUPPORTED_TYPE, "svg")


async def test_bytes_of_no_known_type_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bytes(range(256)))
    assert (await _refusal(path)).reason is Reason.UNKNOWN_TYPE


async def test_more_bytes_than_allowed_are_refused_with_the_limit(picture: Picture) -> None:
    path = picture("a.png")
    refusal = await _refusal(path, limits=Limits(image_bytes=1000))
    assert (refusal.reason, refusal.limit) == (Reason.TOO_LARGE, 1000)
    assert refusal.actual == path.stat().st_size


def _zeros_png(path: Path, width: int, height: int) -> Path:
    """A valid black 1-bit PNG, written row by row, so that making it costs no memory."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
            file.write(struct.pack(">I", len(data)) + kind + data)
            file.write(struct.pack(">I", zlib.crc32(kind + data)))
    return path


async def test_a_decompression_bomb_is_refused_by_its_pixels(tmp_path: Path) -> None:
    bomb = _zeros_png(tmp_path / "bomb.png", 20_000, 20_000)
    assert bomb.stat().st_size < 100_000
    refusal = await _refusal(bomb)
    assert (refusal.reason, refusal.limit) == (Reason.TOO_MANY_PIXELS, 110_000_000)
    assert refusal.actual == 400_000_000


async def test_a_bomb_that_is_let_in_dies_of_the_childs_memory_and_the_bot_goes_on(
    tmp_path: Path, picture: Picture
) -> None:
    bomb = _zeros_png(tmp_path / "bomb.png", 20_000, 20_000)
    small = Budget(memory=300 * 1024**2)
    limits = Limits(pixels=10**9, side=10**6, child=small)
    with pytest.raises(UnusableFile) as caught:
        await inspect_outside(bomb, "bomb.png", limits=limits)
    refusal = caught.value
    assert (refusal.reason, refusal.detail) == (Reason.TOO_MANY_PIXELS, "out of memory")
    info = await inspect_outside(picture("a.png"), "a.png", limits=limits)
    assert info.width == 64


async def test_a_ribbon_of_100_000_pixels_is_refused_by_its_side(tmp_path: Path) -> None:
    refusal = await _refusal(_zeros_png(tmp_path / "ribbon.png", 100_000, 1))
    assert (refusal.reason, refusal.actual) == (Reason.TOO_LONG_SIDE, 100_000)


async def test_a_png_with_a_wrong_checksum_is_refused(picture: Picture) -> None:
    path = picture("a.png")
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 40] ^= 0xFF
    path.write_bytes(data)
    assert (await _refusal(path)).reason is Reason.UNDECODABLE
