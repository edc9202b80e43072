"""Whatever a phone or a designer sends becomes an upright, plain image without a past."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat, PngImagePlugin

from bot.archive import Archive
from bot.errors import UnusableFile
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.requests import Fit, Media
from tests.media.inside import Inside

Picture = Callable[..., Path]
RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture
def library(tmp_path: Path, downloader: Downloader) -> MediaLibrary:
    return MediaLibrary(Archive(str(tmp_path / "archive")), downloader, children=Inside())


async def _adapted(library: MediaLibrary, path: Path, fit: Fit | None = None) -> Media:
    media = await library.look_into(path, path.name, "inputs/job/0")
    return await library.adapt(media, path, fit or Fit())


def _two_colours(size: tuple[int, int] = (128, 96)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def _far(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("a.jpg", "JPEG"),
        ("a.png", "PNG"),
        ("a.webp", "JPEG"),
        ("a.gif", "PNG"),
        ("a.bmp", "PNG"),
        ("a.tiff", "JPEG"),
        ("a.avif", "JPEG"),
    ],
)
async def test_every_type_becomes_one_that_runway_takes(
    library: MediaLibrary, tmp_path: Path, name: str, becomes: str
) -> None:
    path = tmp_path / name
    _two_colours().save(path)
    media = await _adapted(library, path)
    with Image.open(path) as image:
        assert image.format == becomes
        assert image.size == (media.width, media.height) == (128, 96)
        assert _far(image.convert("RGB").getpixel((20, 48)), RED) < 12
        assert _far(image.convert("RGB").getpixel((108, 48)), BLUE) < 12
    assert media.size == path.stat().st_size
    assert media.key.endswith({"JPEG": ".jpg", "PNG": ".png"}[becomes])


@pytest.mark.parametrize("tile", [None, 64])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_a_phones_heic_is_put_together_and_turned(
    library: MediaLibrary, heic: Callable[..., Path], tile: int | None, turns: int
) -> None:
    shown = _two_colours((160, 96))
    stored = shown.rotate(-90 * turns, expand=True)
    path = heic("IMG_1.HEIC", stored, tile=tile, turns=turns)
    media = await _adapted(library, path)
    assert (media.content_type, media.width, media.height) == ("image/jpeg", 160, 96)
    assert media.was is not None
    assert media.was.content_type == "image/heic"
    with Image.open(path) as image:
        difference = ImageStat.Stat(ImageChops.difference(image.convert("RGB"), shown))
    assert max(difference.mean) < 6


async def test_a_heic_with_a_tile_cut_off_is_refused(
    library: MediaLibrary, heic: Callable[..., Path]
) -> None:
    path = heic("a.heic", _two_colours(), tile=64)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnusableFile) as caught:
        await _adapted(library, path)
    assert (caught.value.filename, caught.value.reason) == ("a.heic", "undecodable")


@pytest.mark.parametrize("damage", ["an item of another type", "no coded pictures"])
async def test_a_heic_without_its_tiles_is_refused(
    library: MediaLibrary, heic: Callable[..., Path], damage: str
) -> None:
    """What is missing is no black square."""
    path = heic("a.heic", _two_colours(), tile=64)
    data = path.read_bytes()
    if damage == "an item of another type":
        path.write_bytes(data.replace(b"hvc1", b"none", 1))
    else:
        start, grid = data.index(b"mdat") + 4, 8
        path.write_bytes(data[:start] + bytes(len(data) - start - grid) + data[-grid:])
    with pytest.raises(UnusableFile) as caught:
        await _adapted(library, path)
    assert caught.value.reason == "undecodable"


@pytest.mark.parametrize("name", ["a.jpg", "a.tiff", "a.webp", "a.png"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_exif_orientation_is_applied_and_gone(
    library: MediaLibrary, tmp_path: Path, orientation: int, name: str
) -> None:
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that undoes each
    shown = _two_colours()
    stored = shown if orientation == 1 else shown.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / name, exif=exif)
    media = await _adapted(library, tmp_path / name)
    assert media.was is not None
    assert (media.was.width, media.was.height) == shown.size
    with Image.open(tmp_path / name) as image:
        assert image.size == shown.size
        assert image.getexif().get(0x0112) is None
        assert _far(image.getpixel((20, 48)), RED) < 12


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff"])
async def test_location_and_words_do_not_travel_on(
    library: MediaLibrary, tmp_path: Path, name: str
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.6)
    exif.get_ifd(0x8825)[1] = "N"
    options: dict[str, object] = {"exif": exif}
    if name == "a.png":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "SecretCamera")
    if name != "a.tiff":
        options["xmp" if name != "a.png" else "icc_profile"] = b"<x:xmpmeta>SecretCamera"
    path = tmp_path / name
    _two_colours().save(path, **options)
    assert b"SecretCamera" in path.read_bytes()
    await _adapted(library, path)
    assert b"SecretCamera" not in path.read_bytes()
    with Image.open(path) as image:
        assert not image.getexif()
        assert {"icc_profile", "exif", "xmp", "comment", "Comment"}.isdisjoint(image.info)


async def test_what_hides_behind_the_picture_does_not_travel_on(
    library: MediaLibrary, picture: Picture
) -> None:
    path = picture("a.jpg")
    path.write_bytes(path.read_bytes() + b"PK\x03\x04<script>hidden</script>")
    await _adapted(library, path)
    assert b"hidden" not in path.read_bytes()


async def test_only_the_first_picture_of_an_animation_is_taken(
    library: MediaLibrary, tmp_path: Path
) -> None:
    first, second = Image.new("RGB", (64, 48), RED), Image.new("RGB", (64, 48), BLUE)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    media = await _adapted(library, tmp_path / "a.gif")
    assert media.was is not None
    assert (media.was.animated, media.animated) == (True, False)
    with Image.open(tmp_path / "a.gif") as image:
        assert _far(image.convert("RGB").getpixel((5, 5)), RED) < 12


async def test_print_colours_become_screen_colours(library: MediaLibrary, tmp_path: Path) -> None:
    Image.new("CMYK", (64, 48), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    await _adapted(library, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == "RGB"
        red, green, blue = image.getpixel((5, 5))
        assert red > 180 > 90 > max(green, blue)


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
async def test_sixteen_bits_are_scaled_not_cut(
    library: MediaLibrary, tmp_path: Path, name: str
) -> None:
    row = b"\x00\x20" * 32 + b"\x00\x80" * 32
    Image.frombytes("I;16", (64, 48), row * 48).save(tmp_path / name)
    await _adapted(library, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        grey = image.convert("L")
        assert abs(grey.getpixel((40, 5)) - 0x80) < 4
        assert abs(grey.getpixel((5, 5)) - 0x20) < 4


async def test_a_colour_profile_is_applied_before_it_goes(
    library: MediaLibrary, tmp_path: Path
) -> None:
    # The sRGB profile with its red and blue exchanged: whoever applies it sees blue for red.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tmp.").replace(b"bXYZ", b"rXYZ").replace(b"tmp.", b"bXYZ")
    Image.new("RGB", (64, 48), (200, 0, 0)).save(tmp_path / "a.png", icc_profile=swapped)
    await _adapted(library, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert "icc_profile" not in image.info
        red, _, blue = image.convert("RGB").getpixel((5, 5))
        assert blue > 150 > red


async def test_transparency_stays(library: MediaLibrary, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (64, 48), (*RED, 0))
    clear.paste((*BLUE, 255), (32, 0, 64, 48))
    clear.save(tmp_path / "a.webp", lossless=True)
    media = await _adapted(library, tmp_path / "a.webp")
    assert media.content_type == "image/png"
    with Image.open(tmp_path / "a.webp") as image:
        assert image.getpixel((5, 5))[3] == 0
        assert image.getpixel((40, 5)) == (*BLUE, 255)


async def test_what_is_larger_than_a_model_can_use_is_scaled_down(
    library: MediaLibrary, picture: Picture
) -> None:
    path = picture("a.jpg", size=(1200, 600))
    media = await _adapted(library, path, Fit(side=400))
    assert (media.width, media.height) == (400, 200)
    assert media.was is not None
    assert (media.was.width, media.was.height) == (1200, 600)


async def test_padding_keeps_the_whole_picture(library: MediaLibrary, tmp_path: Path) -> None:
    _two_colours((100, 200)).save(tmp_path / "a.png")
    media = await _adapted(library, tmp_path / "a.png", Fit(pad="16:9"))
    assert (media.width, media.height) == (356, 200)
    with Image.open(tmp_path / "a.png") as image:
        assert image.getpixel((5, 100)) == (0, 0, 0)
        assert image.getpixel((178 - 40, 100)) == RED
        assert image.getpixel((178 + 40, 199)) == BLUE


async def test_cropping_keeps_the_centre(library: MediaLibrary, tmp_path: Path) -> None:
    tall = Image.new("RGB", (100, 400), RED)
    tall.paste(BLUE, (0, 150, 100, 250))
    tall.save(tmp_path / "a.png")
    media = await _adapted(library, tmp_path / "a.png", Fit(crop="1:1"))
    assert (media.width, media.height) == (100, 100)
    with Image.open(tmp_path / "a.png") as image:
        assert image.getpixel((50, 2)) == image.getpixel((50, 97)) == BLUE
