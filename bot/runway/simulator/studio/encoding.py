"""Writes clips as files: H.264 in MP4, ProRes in MOV, or a zip of PNG frames."""

import io
import math
import zipfile
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

from bot.runway.simulator.studio.footage import FPS, Clip, draw

SAMPLE_RATE = 48_000
_BT601 = 6  # AVCOL_SPC_SMPTE170M, the matrix that Pillow converts with
_PRORES = {"422 Proxy": "0", "422 LT": "1", "422": "2", "422 HQ": "3", "4444": "4", "4444 XQ": "5"}


def encode(clip: Clip, path: Path, keep_going: Callable[[], None]) -> None:
    """Write the clip as H.264 in MP4, or as ProRes in MOV."""
    kind, options = ("mov", {}) if clip.prores else ("mp4", {"movflags": "+faststart"})
    with av.open(str(path), "w", format=kind, options=options) as container:
        video = _video_stream(container, clip)
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if clip.audio else None
        shown = 0
        for held, frame in draw(clip, keep_going):
            written = frame if not clip.prores else frame.reformat(format=video.pix_fmt)
            for _ in range(held):
                written.pts, written.time_base = shown, Fraction(1, FPS)
                container.mux(video.encode(written))
                shown += 1
        container.mux(video.encode(None))
        if audio is not None:
            _hum(container, audio, clip.seconds)


def _video_stream(container: OutputContainer, clip: Clip) -> VideoStream:
    if clip.prores:
        stream = container.add_stream("prores_ks", rate=FPS)
        stream.pix_fmt = "yuv444p10le" if clip.prores.startswith("4444") else "yuv422p10le"
        stream.options = {"profile": _PRORES[clip.prores]}
    else:
        stream = container.add_stream("libx264", rate=FPS)
        stream.pix_fmt = "yuv420p"
        # One quantiser for all frames: half the time of `crf`, which refines every still one.
        stream.options = {"preset": "ultrafast", "qp": "18"}
    stream.width, stream.height = clip.size
    stream.codec_context.colorspace = _BT601
    return stream


def encode_sequence(clip: Clip, path: Path, keep_going: Callable[[], None]) -> None:
    """Write the clip as a zip of PNG frames."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        shown = 0
        for held, frame in draw(clip, keep_going):
            content = io.BytesIO()
            picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
            picture.save(content, "PNG", compress_level=1)
            for _ in range(held):
                shown += 1
                archive.writestr(f"frame_{shown:05}.png", content.getvalue())


def _hum(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    """A quiet chord: whole numbers of hertz, so that one second repeats without a click."""
    chord = (220, 277, 330)
    second = array("f", bytes(4 * SAMPLE_RATE))
    for n in range(SAMPLE_RATE):
        turn = math.tau * n / SAMPLE_RATE
        second[n] = 0.03 * sum(math.sin(hertz * turn) for hertz in chord)
    samples, length = second * 2, 1024
    for start in range(0, round(seconds * SAMPLE_RATE), length):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=length)
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        at = start % SAMPLE_RATE
        frame.planes[0].update(samples[at : at + length].tobytes())
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
