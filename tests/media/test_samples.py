"""Real files that other programs made: every one becomes what Runway takes, and looks as it should."""

from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image

from bot.media.adapt import adapted
from bot.media.containers import RUNWAY_CODECS, RUNWAY_TYPES
from bot.media.inspect import DEFAULT_LIMITS
from bot.requests import Fit, Kind, Media
from tests.media.inside import Inside, inspect

SAMPLES = Path(__file__).parent / "samples"
STILLS = (".png", ".jpg", ".tiff", ".gif", ".bmp", ".webp", ".heic", ".avif")
RED, WHITE, NAVY = (255, 0, 0), (255, 255, 255), (0, 0, 128)
# Where the scene shows them: the white disc is in the upper left only while it stands upright.
PLACES = {(40, 50): RED, (16, 16): WHITE, (80, 50): NAVY}


def _named(*suffixes: str) -> list[str]:
    return sorted(path.name for path in SAMPLES.iterdir() if path.suffix in suffixes)


HDR = ("hlg.mov", "hdr10.mov")
FILMS = _named(".mp4", ".mov", ".webm", ".mkv", ".ogv", ".avi", ".3gp")
FILMS = [name for name in FILMS if name not in HDR]


async def _taken(name: str, target: Path) -> Media:
    """The sample as it is after it came in; the file is at `target`."""
    path = SAMPLES / name
    info = await inspect(path, name)
    media = Media(
        f"inputs/job/0.{info.extension}", Kind(info.kind), info.content_type, info.size,
        info.sha256, name, info.width, info.height, info.duration, info.frames, info.codec,
        info.pixel_format, info.animated, info.hdr,
    )  # fmt: skip
    inside = Inside()
    return await adapted(media, path, target, Fit(side=4096), DEFAULT_LIMITS, inside, inside)


def _assert_scene(picture: Image.Image, allowed: int) -> None:
    shown = picture.convert("RGB")
    assert shown.size == (96, 64)
    for place, meant in PLACES.items():
        found = shown.getpixel(place)
        assert isinstance(found, tuple)
        assert all(abs(a - b) <= allowed for a, b in zip(found, meant, strict=True)), (place, found)


@pytest.mark.parametrize("name", _named(*STILLS))
async def test_every_picture_becomes_one_that_runway_takes(name: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    media = await _taken(name, target)
    assert media.content_type in ("image/jpeg", "image/png")
    assert b"secret" not in target.read_bytes()
    with Image.open(target) as picture:
        assert not picture.getexif()
        assert picture.size == (media.width, media.height)
        if "clear" in name:
            assert picture.mode == "RGBA" or name.endswith(".heic")
        elif name not in ("grey.jpg", "fax.tiff"):
            _assert_scene(picture, 60 if name.startswith("cmyk") else 14)


@pytest.mark.parametrize("name", FILMS)
async def test_every_film_becomes_one_that_runway_takes(name: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    media = await _taken(name, target)
    assert media.content_type in RUNWAY_TYPES
    assert media.codec in RUNWAY_CODECS
    assert media.duration == pytest.approx(1, abs=0.2)
    data = target.read_bytes()
    for past in (b"secret", b"+52.51", b"location", b"\xa9xyz", b"loci"):
        assert past not in data
    with av.open(str(target)) as opened:
        picture, sound = opened.streams.video[0], opened.streams.audio[0]
        assert sum(1 for _ in opened.decode(sound)) > 5
        opened.seek(0)
        frames = list(opened.decode(picture))
        assert len(frames) == media.frames
        # Theora leaves out the pictures in which nothing moved.
        assert 11 <= len(frames) <= 13 or name == "plain.ogv"


def _first(path: Path) -> Image.Image:
    with av.open(str(path)) as opened:
        frame = next(opened.decode(video=0))
        image: Image.Image = frame.to_image()
        return image.rotate(frame.rotation, expand=True) if frame.rotation else image


@pytest.mark.parametrize(
    "name", ["plain.mp4", "phone.mov", "camera.mov", "plain.webm", "plain.mkv"]
)
async def test_what_runway_takes_is_not_encoded_again(name: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    await _taken(name, target)

    def packets(path: Path) -> Iterator[tuple[int | None, bytes]]:
        with av.open(str(path)) as opened:
            for packet in opened.demux(video=0):
                if packet.size:
                    yield packet.pts, bytes(packet)

    assert [data for _, data in packets(target)] == [d for _, d in packets(SAMPLES / name)]


async def test_a_turned_film_stays_turned(tmp_path: Path) -> None:
    target = tmp_path / "target"
    media = await _taken("turned.mp4", target)
    assert (media.width, media.height) == (64, 96)
    assert _first(target).size == (64, 96)


# FFmpeg works out its table of colours for some seconds, once for each film.
@pytest.mark.parametrize("name", ["hlg.mov", pytest.param("hdr10.mov", marks=pytest.mark.slow)])
async def test_hdr_becomes_standard_colours_and_says_so(name: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    media = await _taken(name, target)
    assert media.was is not None
    assert (media.was.hdr, media.hdr) == (True, False)
    assert (media.codec, media.pixel_format) == ("h264", "yuv420p")
    with av.open(str(target)) as opened:
        frame = next(opened.decode(video=0))
        assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (1, 1, 1)
