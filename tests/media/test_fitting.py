"""The delivery ladder: every output arrives in a form that the channel takes and plays."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from bot.archive import Archive
from bot.media.fitting import MediaFitter, plays_inline
from bot.ports import Fitted, Reduction
from bot.requests import Kind, Media
from tests.media.inside import Inside, inspect

Film = Callable[..., Path]
MIB = 1024 * 1024


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


@pytest.fixture
def fitter(archive: Archive) -> MediaFitter:
    return MediaFitter(archive, lambda key: f"https://dailies.example/files/{key}", Inside())


@pytest.fixture
def noisy(tmp_path: Path) -> Callable[..., Path]:
    """A video that is hard to compress, with sound: `noisy(seconds, size, bits)`."""

    def make(seconds: float, size: tuple[int, int], bits: int, rate: int = 24) -> Path:
        path = tmp_path / "noisy.mp4"
        frames = [
            av.VideoFrame.from_image(Image.effect_noise(size, 90).convert("RGB")) for _ in range(6)
        ]
        with av.open(str(path), "w") as opened:
            options = {"preset": "ultrafast", "nal-hrd": "cbr", "maxrate": str(bits)}
            stream = opened.add_stream("libx264", rate=rate, options=options)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.bit_rate = bits
            sound = opened.add_stream("aac", rate=48_000)
            for turn in range(int(seconds * rate)):
                frame = frames[turn % len(frames)]
                frame.pts = turn
                opened.mux(stream.encode(frame))
            opened.mux(stream.encode())
            for turn in range(int(seconds * 48_000 / 1024)):
                quiet = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
                quiet.sample_rate, quiet.pts = 48_000, turn * 1024
                for plane in quiet.planes:
                    plane.update(bytes(plane.buffer_size))
                opened.mux(sound.encode(quiet))
            opened.mux(sound.encode())
        return path

    return make


async def _kept(archive: Archive, path: Path) -> Media:
    info = await inspect(path, path.name)
    media = Media(
        key=f"outputs/job/0.{info.extension}",
        kind=Kind(info.kind),
        content_type=info.content_type,
        size=info.size,
        sha256=info.sha256,
        name=path.name,
        width=info.width,
        height=info.height,
        duration=info.duration,
        frames=info.frames,
        codec=info.codec,
        pixel_format=info.pixel_format,
    )
    await archive.put(media.key, path, content_type=media.content_type)
    return media


def _watch(path: Path) -> tuple[int, int, float]:
    """Decode everything: the number of pictures, of sounds, and the length in seconds."""
    with av.open(str(path)) as opened:
        pictures = sum(1 for _ in opened.decode(video=0))
        seconds = (opened.duration or 0) / av.time_base
    with av.open(str(path)) as opened:
        sounds = sum(1 for _ in opened.decode(audio=0)) if opened.streams.audio else 0
    return pictures, sounds, seconds


def _starts_at_once(path: Path) -> bool:
    """Whether the index comes before the pictures, so that a player need not read to the end."""
    data = path.read_bytes()
    return data.index(b"moov") < data.index(b"mdat")


def _path(archive: Archive, fitted: Fitted) -> Path:
    assert fitted.media is not None
    path = archive.local_path(fitted.media.key)
    assert path is not None
    assert path.stat().st_size == fitted.media.size
    return path


async def test_what_fits_and_plays_stays_as_it_is(
    fitter: MediaFitter, archive: Archive, film: Film
) -> None:
    media = await _kept(archive, film("a.mp4"))
    assert await fitter.fit(media, media.size) == Fitted(media, media)


@pytest.mark.parametrize("share", [0.7, 0.3, 0.1])
async def test_a_video_is_compressed_to_just_under_the_limit(
    fitter: MediaFitter, archive: Archive, noisy: Callable[..., Path], share: float
) -> None:
    media = await _kept(archive, noisy(3, (640, 360), 6_000_000))
    limit = round(media.size * share)
    fitted = await fitter.fit(media, limit)
    assert fitted.reduction is Reduction.COMPRESSED
    assert fitted.link == "https://dailies.example/files/outputs/job/0.mp4"
    path = _path(archive, fitted)
    assert 0.5 * limit < path.stat().st_size <= limit
    assert fitted.media is not None
    assert plays_inline(fitted.media)
    assert fitted.media.width == pytest.approx((fitted.media.height or 0) * 16 / 9, abs=2)
    pictures, sounds, seconds = _watch(path)
    assert (pictures, seconds) == (72, pytest.approx(3, abs=0.15))
    assert sounds > 100
    assert _starts_at_once(path)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx265", "yuv420p"),
        ("a.mov", "prores_ks", "yuv422p10le"),
        ("a.mp4", "libx264", "yuv444p"),
        ("a.mkv", "libx264", "yuv420p"),
    ],
)
async def test_what_would_not_play_is_converted(
    fitter: MediaFitter, archive: Archive, film: Film, name: str, codec: str, pixels: str
) -> None:
    media = await _kept(archive, film(name, codec=codec, pixels=pixels))
    fitted = await fitter.fit(media, 20 * MIB)
    assert fitted.reduction is Reduction.CONVERTED
    assert fitted.media is not None
    assert (fitted.media.codec, fitted.media.pixel_format) == ("h264", "yuv420p")
    assert (fitted.media.content_type, fitted.media.name) == ("video/mp4", "a.mp4")
    assert _watch(_path(archive, fitted))[0] == 24


async def test_a_turned_video_is_upright_afterwards(
    fitter: MediaFitter, archive: Archive, film: Film, tmp_path: Path
) -> None:
    turned = tmp_path / "turned.mkv"
    with av.open(str(film("a.mp4"))) as source, av.open(str(turned), "w", format="mp4") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        copy.set_display_rotation(90)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    turned = turned.rename(tmp_path / "turned.mp4")
    media = await _kept(archive, turned)
    fitted = await fitter.fit(media, media.size // 2)
    with av.open(str(_path(archive, fitted))) as opened:
        frame = next(opened.decode(video=0))
        assert frame.rotation == 0
        assert frame.width / frame.height == pytest.approx(96 / 160, abs=0.05)


async def test_what_cannot_be_made_small_enough_is_shown_by_a_picture(
    fitter: MediaFitter, archive: Archive, noisy: Callable[..., Path]
) -> None:
    media = await _kept(archive, noisy(3, (640, 360), 6_000_000))
    fitted = await fitter.fit(media, 20_000)
    assert fitted.reduction is Reduction.LEFT_OUT
    fitted = await fitter.poster(media)
    assert fitted.reduction is Reduction.POSTER
    assert fitted.link
    with Image.open(_path(archive, fitted)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))


async def test_the_picture_that_stands_for_an_image_is_smaller_than_it(
    fitter: MediaFitter, archive: Archive, tmp_path: Path
) -> None:
    # A PNG that a JPEG as good as it gets would be larger than.
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(tmp_path / "a.png")
    media = await _kept(archive, tmp_path / "a.png")
    shown = await fitter.poster(media)
    assert shown.media is not None
    assert shown.media.size <= media.size / 2


@pytest.mark.parametrize(("name", "becomes"), [("a.png", "JPEG"), ("a.webp", "WEBP")])
async def test_an_image_is_compressed_to_under_the_limit(
    fitter: MediaFitter, archive: Archive, tmp_path: Path, name: str, becomes: str
) -> None:
    mode = "RGBA" if becomes == "WEBP" else "RGB"
    noise = Image.effect_noise((900, 600), 90).convert(mode)
    if mode == "RGBA":
        noise.putalpha(Image.linear_gradient("L").resize(noise.size))
    noise.save(tmp_path / name, lossless=True)
    media = await _kept(archive, tmp_path / name)
    limit = media.size // 4
    fitted = await fitter.fit(media, limit)
    assert fitted.reduction is Reduction.COMPRESSED
    with Image.open(_path(archive, fitted)) as picture:
        assert picture.format == becomes
        assert picture.width / picture.height == pytest.approx(1.5, abs=0.02)
    assert fitted.media is not None
    assert fitted.media.size <= limit


async def test_a_second_attempt_does_not_encode_again(
    fitter: MediaFitter, archive: Archive, film: Film
) -> None:
    media = await _kept(archive, film("a.mp4", size=(640, 360)))
    first = await fitter.fit(media, media.size // 2)
    path = _path(archive, first)
    path.unlink()
    assert await fitter.fit(media, media.size // 2) == first
    assert not path.exists()


async def test_a_damaged_output_is_still_announced(fitter: MediaFitter, archive: Archive) -> None:
    missing = Media("outputs/gone/0.mp4", Kind.VIDEO, "video/mp4", 50 * MIB, "", "a.mp4", 64, 64, 1)
    fitted = await fitter.fit(missing, 10 * MIB)
    assert (fitted.media, fitted.reduction) == (None, Reduction.LEFT_OUT)


@pytest.mark.slow
@pytest.mark.parametrize("mib", [10, 20, 50, 100])
async def test_the_ladder_at_the_limits_of_real_channels(
    fitter: MediaFitter, archive: Archive, noisy: Callable[..., Path], mib: int
) -> None:
    """And the event loop stays free while a 100 MB video is encoded."""
    media = await _kept(archive, noisy(8, (1920, 1080), 120_000_000))
    assert media.size > 105 * MIB
    lags = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append(time.perf_counter() - before - 0.01)

    watcher = asyncio.create_task(watch())
    fitted = await fitter.fit(media, mib * MIB)
    watcher.cancel()
    await asyncio.gather(watcher, return_exceptions=True)
    assert fitted.reduction is Reduction.COMPRESSED
    path = _path(archive, fitted)
    print(  # noqa: T201 - a measurement to be read
        f"{mib} MiB: {path.stat().st_size / MIB:.1f} MiB, {fitted.media}, "
        f"longest lag {max(lags) * 1000:.0f} ms"
    )
    assert 0.6 * mib * MIB < path.stat().st_size <= mib * MIB
    pictures, sounds, seconds = _watch(path)
    assert pictures == 192
    assert sounds > 300
    assert seconds == pytest.approx(8, abs=0.15)
