"""Videos that are more than a row of pictures: cut to a length, trimmed on a phone, not square."""

import asyncio
import os
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw

from bot.archive import Archive
from bot.media.adapt import adapted
from bot.media.inspect import DEFAULT_LIMITS
from bot.media.library import MediaLibrary
from bot.requests import Fit, Kind, Media
from tests.media.inside import Inside, inspect

SIZE = (160, 120)


def _film(path: Path, rate: Fraction, frames: int, sound: int, shape: Fraction | None) -> None:
    """Pictures that get lighter, with a circle; silence of so many samples a second."""
    with av.open(str(path), "w") as made:
        picture = made.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        if shape is not None:
            picture.codec_context.sample_aspect_ratio = shape
        quiet = made.add_stream("aac", rate=sound, layout="mono") if sound else None
        for number in range(frames):
            drawn = Image.new("RGB", SIZE, (number * 2, 0, 0))
            ImageDraw.Draw(drawn).ellipse((40, 20, 120, 100), fill="white")
            made.mux(picture.encode(av.VideoFrame.from_image(drawn)))
        made.mux(picture.encode())
        if quiet is not None:
            for begin in range(0, round(frames / rate * sound), 1024):
                heard = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                heard.planes[0].update(bytes(heard.planes[0].buffer_size))
                heard.sample_rate, heard.pts, heard.time_base = sound, begin, Fraction(1, sound)
                made.mux(quiet.encode(heard))
            made.mux(quiet.encode())


async def _adapted(path: Path, fit: Fit) -> tuple[Media, Media, Path]:
    """What was found in a file, what it became, and where that is."""
    info = await inspect(path, path.name)
    found = Media(
        f"inputs/job/0.{info.extension}", Kind(info.kind), info.content_type, info.size,
        info.sha256, path.name, info.width, info.height, info.duration, info.frames, info.codec,
        info.pixel_format, info.animated, info.hdr,
    )  # fmt: skip
    target = path.with_name("target.mp4")
    inside = Inside()
    made = await adapted(found, path, target, fit, DEFAULT_LIMITS, inside, inside)
    return found, made, target


@pytest.mark.parametrize("sound", [0, 44_100, 48_000])
@pytest.mark.parametrize("rate", [Fraction(24_000, 1001), Fraction(30_000, 1001), Fraction(30)])
async def test_a_video_that_is_cut_is_not_longer_than_was_wanted(
    tmp_path: Path, rate: Fraction, sound: int
) -> None:
    """Runway refuses what is a hundredth of a second too long."""
    _film(tmp_path / "long.mp4", rate, 75, sound, None)
    found, made, _ = await _adapted(tmp_path / "long.mp4", Fit(seconds=2.0))
    assert (found.duration or 0) > 2.4
    assert 1.95 < (made.duration or 0) <= 2.0


async def test_of_a_video_that_is_too_quick_pictures_are_left_out(tmp_path: Path) -> None:
    _film(tmp_path / "quick.mp4", Fraction(60), 90, 48_000, None)
    found, made, _ = await _adapted(tmp_path / "quick.mp4", Fit(rate=30))
    assert (found.frames, found.duration) == (90, pytest.approx(1.5, abs=0.05))
    assert (made.frames, made.duration) == (45, pytest.approx(1.5, abs=0.05))
    assert made.was is not None
    assert made.was.rate == pytest.approx(60, rel=0.03)


async def test_what_was_trimmed_away_counts_for_nothing_and_stays_here(tmp_path: Path) -> None:
    _film(tmp_path / "whole.mp4", Fraction(25), 100, 0, None)
    trimmed = tmp_path / "trimmed.mp4"
    with av.open(str(tmp_path / "whole.mp4")) as whole, av.open(str(trimmed), "w") as made:
        picture = whole.streams.video[0]
        copy = made.add_stream_from_template(picture)
        for packet in whole.demux(picture):
            if packet.pts is not None and packet.dts is not None and packet.time_base is not None:
                packet.pts -= int(2 / packet.time_base)
                packet.dts -= int(2 / packet.time_base)
                packet.stream = copy
                made.mux(packet)
    found, kept, target = await _adapted(trimmed, Fit())
    assert (found.duration, found.frames) == (2.0, 50)
    assert (kept.duration, kept.frames) == (2.0, 50)
    with av.open(str(target), options={"ignore_editlist": "1"}) as sent:
        assert sum(1 for packet in sent.demux(video=0) if packet.size) == 50


@pytest.mark.parametrize("fit", [Fit(), Fit(seconds=0.5)])
async def test_pixels_that_are_not_square_become_square_ones(tmp_path: Path, fit: Fit) -> None:
    _film(tmp_path / "hdv.mp4", Fraction(25), 25, 0, Fraction(4, 3))
    found, made, target = await _adapted(tmp_path / "hdv.mp4", fit)
    assert (found.width, found.height) == (213, 120)
    assert (made.width, made.height) == (212, 120)
    with av.open(str(target)) as opened:
        assert opened.streams.video[0].sample_aspect_ratio in (None, 1)
        frame = next(opened.decode(video=0))
        shown = frame.to_image().convert("L").point(lambda level: 255 * (level > 128))
    left, top, right, bottom = shown.getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) == pytest.approx((108, 81), abs=3)


async def test_a_picture_does_not_wait_for_videos_that_are_encoded(tmp_path: Path) -> None:
    """Encoding takes minutes; results, too, are looked into before they are posted."""
    library = MediaLibrary(Archive(str(tmp_path / "archive")), None)  # type: ignore[arg-type]  # downloads nothing
    encoding = []
    for number in range(3):
        endless = tmp_path / f"{number}.avi"
        os.mkfifo(endless)  # whoever opens it waits for a writer
        key, avi = f"inputs/job/{number}.avi", "video/x-msvideo"
        film = Media(key, Kind.VIDEO, avi, 9, "0", "a.avi", width=64, height=48)
        encoding.append(asyncio.create_task(library.adapt(film, endless, Fit())))
    Image.new("RGB", SIZE).save(tmp_path / "small.png")
    found = await library.look_into(tmp_path / "small.png", "small.png", "inputs/other/0")
    assert (found.width, found.height) == SIZE
    assert not any(task.done() for task in encoding)
    for task in encoding:
        task.cancel()
    await asyncio.gather(*encoding, return_exceptions=True)
