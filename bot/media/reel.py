"""Encoding a video anew as MP4 with H.264 and AAC, which plays everywhere. Child process only."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.media.errors import Reason, UnusableFile
from bot.media.film import HDR_CURVES, OPTIONS, picture_stream

TICKS = Fraction(1, 90_000)  # fine enough for every frame rate, also an uneven one
_THREADS = 2
# ITU-T H.273's words for what a picture's numbers mean; and FFmpeg's own for 16 to 235.
_BT709, _UNSPECIFIED = 1, 2
_LIMITED = 1
_AAC_SAMPLES = 1024  # in one packet
_AUDIO_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to encode. Sizes in pixels, as shown; `bits` a second of picture, None for quality alone.

    Nothing that is made lasts beyond `seconds`.
    """

    width: int
    height: int
    seconds: float | None = None
    rate: Fraction | None = None  # frames a second, where there are too many
    bits: int | None = None
    most_bits: int | None = None
    sound_bits: int = 128_000


def encode(path: Path, container: str, target: Path, recipe: Recipe, pixels: int) -> None:
    """Write `target`; raises UnusableFile where not one frame comes out."""
    options = OPTIONS | {"max_pixels": str(pixels)}
    with (
        av.open(str(path), "r", format=container, options=options) as source,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as made,
    ):
        frames = _Encoder(source, made, recipe).run()
    if not frames:
        raise UnusableFile(Reason.UNDECODABLE, detail="no frame could be decoded")


class _Encoder:
    """One pass over a file: decode, turn, scale, encode; sound beside it."""

    def __init__(self, source: InputContainer, made: OutputContainer, recipe: Recipe) -> None:
        self._source, self._made, self._recipe = source, made, recipe
        self._picture = picture_stream(source)
        self._rate = self._picture.average_rate or Fraction(24)
        self._picture.thread_type = "AUTO"
        self._picture.codec_context.thread_count = _THREADS
        self._sound = next((s for s in source.streams.audio if s.codec_context), None)
        self._video = self._add_video()
        self._audio = self._add_audio()
        self._graph: Graph | None = None
        self._start: Fraction | None = None
        self._last = -1
        self._heard = 0
        self._frames = 0

    def run(self) -> int:
        """The number of frames that were written."""
        streams = [self._picture, *([self._sound] if self._sound else [])]
        over = False
        for packet in self._source.demux(streams):
            if not packet.size and packet.pts is not None:
                continue  # Theora's word for "as before"; no decoder of PyAV's takes it
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    over = over or not self._take(frame)
                elif isinstance(frame, av.AudioFrame):
                    self._take_sound(frame)
            if over:
                break
        self._finish()
        return self._frames

    def _add_video(self) -> VideoStream:
        recipe, shown = self._recipe, self._rate
        options = {"preset": "veryfast", "threads": str(_THREADS)}
        if recipe.bits is None:
            options["crf"] = "19"
        most = recipe.most_bits or (recipe.bits and round(recipe.bits * 1.4))
        if most:
            options |= {"maxrate": str(most), "bufsize": str(most)}
        stream = self._made.add_stream("libx264", rate=recipe.rate or shown, options=options)
        stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
        stream.codec_context.time_base = TICKS
        if recipe.bits is not None:
            stream.bit_rate = recipe.bits
        _tell_colours(self._picture.codec_context, stream.codec_context)
        return stream

    def _add_audio(self) -> AudioStream | None:
        if self._sound is None or not self._recipe.sound_bits:
            return None
        rate = self._sound.rate
        stream = self._made.add_stream("aac", rate=rate if rate in _AUDIO_RATES else 48_000)
        stream.layout = "mono" if len(self._sound.layout.channels) == 1 else "stereo"
        stream.bit_rate = self._recipe.sound_bits
        self._resampler = av.AudioResampler("fltp", stream.layout, stream.rate)
        return stream

    def _take(self, frame: VideoFrame) -> bool:
        """Encode a picture; False once the wanted length is reached."""
        if frame.pts is None or frame.time_base is None:
            return True
        at = frame.pts * frame.time_base
        if self._start is None:
            self._start = at
        if not self._has_room(at - self._start + 1 / self._rate):
            return False
        if self._graph is None:
            self._graph = self._make_graph(frame)
        self._graph.vpush(frame)
        for ready in self._ready():
            self._encode(ready)
        return True

    def _make_graph(self, frame: VideoFrame) -> Graph:
        recipe, graph = self._recipe, Graph()
        steps = [graph.add_buffer(template=self._picture, time_base=frame.time_base)]
        steps += [graph.add(name, arguments) for name, arguments in _turns(frame.rotation)]
        scale = f"{recipe.width}:{recipe.height}:flags=bicubic{_colours(frame)}"
        steps.append(graph.add("scale", scale))
        if recipe.rate is not None:
            steps.append(graph.add("fps", f"{float(recipe.rate):.4f}"))
        steps += [graph.add("format", "yuv420p"), graph.add("setsar", "1")]
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        return graph

    def _ready(self) -> Iterator[VideoFrame]:
        assert self._graph is not None  # noqa: S101  # made with the first frame
        while True:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return

    def _encode(self, frame: VideoFrame) -> None:
        if frame.pts is None or frame.time_base is None or self._start is None:
            return
        tick = round((frame.pts * frame.time_base - self._start) / TICKS)
        if tick <= self._last:
            return  # two pictures for one moment: no encoder takes that
        self._last = tick
        frame.pts, frame.time_base = tick, TICKS
        frame.pict_type = av.video.frame.PictureType.NONE  # the source's key frames are not ours
        self._made.mux(self._video.encode(frame))
        self._frames += 1

    def _take_sound(self, frame: av.AudioFrame) -> None:
        audio = self._audio
        if audio is None or frame.pts is None or frame.time_base is None:
            return
        start = self._start or Fraction(0)
        at = frame.pts * frame.time_base - start
        # An encoder's last packet is filled up with silence.
        end = at + Fraction(frame.samples, frame.sample_rate) + Fraction(_AAC_SAMPLES, audio.rate)
        if at < 0 or not self._has_room(end):
            return
        frame.pts = round(at / frame.time_base)
        for ready in self._resampler.resample(frame):
            self._set_moment(ready)
            self._made.mux(audio.encode(ready))

    def _has_room(self, end: Fraction) -> bool:
        """Whether what ends then is still within the wanted length."""
        return self._recipe.seconds is None or end <= self._recipe.seconds

    def _set_moment(self, sound: av.AudioFrame) -> None:
        """Count in samples: coarse clocks (AVI's) put two sounds at one moment, and no file may."""
        if sound.pts is not None and sound.time_base is not None:
            self._heard = max(self._heard, round(sound.pts * sound.time_base * sound.rate))
        sound.pts, sound.time_base = self._heard, Fraction(1, sound.rate)
        self._heard += sound.samples

    def _finish(self) -> None:
        if self._graph is not None:
            self._graph.vpush(None)
            for frame in self._ready():
                self._encode(frame)
        if self._frames:
            self._made.mux(self._video.encode())
        if self._audio is not None and self._frames:
            self._made.mux(self._audio.encode())


def _tell_colours(decoder: VideoCodecContext, encoder: VideoCodecContext) -> None:
    """Say in the new file what the scaler will make of the colours."""
    hdr = decoder.color_trc in HDR_CURVES
    encoder.color_range = _LIMITED
    encoder.colorspace = _UNSPECIFIED if decoder.colorspace == _UNSPECIFIED else _BT709
    encoder.color_primaries = _BT709 if hdr else decoder.color_primaries
    encoder.color_trc = _BT709 if hdr else decoder.color_trc


def _colours(frame: VideoFrame) -> str:
    """What the scaler must do to a picture's colours: HDR is toned down to BT.709."""
    if frame.color_trc in HDR_CURVES:
        to = "out_color_matrix=bt709:out_primaries=bt709:out_transfer=bt709"
        return f":{to}:out_range=tv:intent=perceptual"
    if frame.colorspace == _UNSPECIFIED:
        return ":out_range=tv"  # players go by the size, and may go on to
    return ":out_color_matrix=bt709:out_range=tv"


def _turns(rotation: int) -> list[tuple[str, str]]:
    """Filters for a turn by so many degrees against the clock."""
    match round(rotation / 90) % 4:
        case 1:
            return [("transpose", "cclock")]
        case 2:
            return [("hflip", ""), ("vflip", "")]
        case 3:
            return [("transpose", "clock")]
        case _:
            return []
