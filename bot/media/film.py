"""Decoding a video with PyAV. Runs in the child process only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.media.errors import Reason, UnusableFile
from bot.media.structure import is_cut_off

_PACKETS_FOR_A_FRAME = 64  # decoders reorder; a healthy one shows a picture long before
_HOLE_BYTES = 16  # no codec that we take begins a picture with so many zeros: a sparse copy does
# What a picture's numbers mean, by ITU-T H.273: 16 is PQ (HDR10, Dolby Vision), 18 HLG.
HDR_CURVES = frozenset({16, 18})
_VIDEO_CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "libvpx", "vp9", "libvpx-vp9"}
    | {"mpeg4", "h263", "mjpeg", "prores", "dnxhd", "mpeg2video", "mpeg1video", "theora"}
)
_AUDIO_CODECS = frozenset(
    {"aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "alac", "ac3", "eac3"}
    # Cameras write plain samples, phones of old AMR.
    | {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_f32le", "pcm_u8", "amrnb", "amrwb"}
)
OPTIONS = {
    "protocol_whitelist": "file",  # a playlist in disguise must not reach the network
    "codec_whitelist": ",".join(sorted(_VIDEO_CODECS | _AUDIO_CODECS)),
    "enable_drefs": "0",
}


@dataclass(slots=True)
class _Walk:
    """What one pass over all packets of the picture showed; times in the stream's time base.

    Who trims a video on a phone hides what comes before, and leaves it in the file.
    """

    first: VideoFrame | None = None
    frames: int = 0
    start: int | None = None
    end: int = 0
    last_key: int | None = None

    def note(self, packet: "Packet[Stream]") -> None:
        if not any(bytes(memoryview(packet)[:_HOLE_BYTES])):
            raise UnusableFile(Reason.UNDECODABLE, detail="a hole in the data")
        self.frames += 1
        if packet.pts is None:
            return
        self.start = packet.pts if self.start is None else min(self.start, packet.pts)
        self.end = max(self.end, packet.pts + (packet.duration or 0))
        if packet.is_keyframe:
            self.last_key = packet.pts


def measure(
    path: Path, container: str, *, pixels: int, check_size: Callable[[int, int], None]
) -> dict[str, object]:
    """Walk all packets, decode the first and a late frame; what we learnt (seconds, pixels)."""
    if is_cut_off(path, container):
        raise UnusableFile(Reason.UNDECODABLE, detail="the file ends early")
    options = OPTIONS | {"max_pixels": str(pixels)}
    with av.open(str(path), "r", format=container, options=options) as opened:
        stream = picture_stream(opened)
        check_size(_shown_width(stream), stream.height)
        stream.codec_context.thread_count = 1  # every decoding thread costs frames of memory
        walk = _walk(opened, stream)
        if walk.frames == 0 or (seconds := _seconds(opened, stream, walk)) <= 0:
            raise UnusableFile(Reason.ZERO_DURATION)
        if walk.first is None or walk.first.is_corrupt or not _late_frame(opened, stream, walk):
            raise UnusableFile(Reason.UNDECODABLE, detail="no sound frame")
        return _facts(stream, walk, walk.first, seconds)


def picture_stream(opened: InputContainer) -> VideoStream:
    """The first stream of moving pictures that we may decode; cover art is none."""
    cover = av.stream.Disposition.attached_pic
    streams = [s for s in opened.streams.video if not s.disposition & cover]
    if not streams:
        raise UnusableFile(Reason.NO_VIDEO)
    stream = streams[0]
    # A stream whose codec FFmpeg cannot decode has no context, whatever its type says.
    context: av.VideoCodecContext | None = stream.codec_context
    if context is None or context.name not in _VIDEO_CODECS:
        raise UnusableFile(Reason.UNSUPPORTED_TYPE, found=context.name if context else None)
    return stream


def pixel_shape(stream: VideoStream) -> Fraction:
    """How wide a pixel is for its height; 1 where the file says nothing."""
    return stream.sample_aspect_ratio or Fraction(1)


def _shown_width(stream: VideoStream) -> int:
    """Some cameras' pixels are wider than high; people see the picture that is meant."""
    return max(1, round(stream.width * pixel_shape(stream)))


def _walk(opened: InputContainer, stream: VideoStream) -> _Walk:
    walk = _Walk()
    for packet in opened.demux():
        if packet.is_corrupt:
            raise UnusableFile(Reason.UNDECODABLE, detail="a packet is cut")
        if packet.stream_index != stream.index:
            continue
        if packet.has_sidedata("encryption_info"):
            raise UnusableFile(Reason.ENCRYPTED)
        if packet.size and not packet.is_discard:
            walk.note(packet)
        early = walk.frames < _PACKETS_FOR_A_FRAME
        if walk.first is None and (early or not packet.size):
            walk.first = next(iter(stream.decode(packet)), None)
    return walk


def _late_frame(opened: InputContainer, stream: VideoStream, walk: _Walk) -> VideoFrame | None:
    """A sound frame from the last key frame on; those that lead an open group may be unsound."""
    opened.seek(walk.last_key or walk.start or 0, stream=stream)
    return next((f for f in _frames(opened, stream) if not f.is_corrupt), None)


def _frames(opened: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in islice(opened.demux(stream), _PACKETS_FOR_A_FRAME):
        yield from stream.decode(packet)


def _seconds(opened: InputContainer, stream: VideoStream, walk: _Walk) -> float:
    """The longer of what the header says and what is there: a header may lie, or be silent."""
    said = (opened.duration or 0) / av.time_base
    ticks = walk.end - (walk.start or 0)
    return max(said, float(ticks * (stream.time_base or Fraction(0))))


def _facts(
    stream: VideoStream, walk: _Walk, first: VideoFrame, seconds: float
) -> dict[str, object]:
    wide, high = _shown_width(stream), stream.height
    width, height = (high, wide) if first.rotation % 180 == 90 else (wide, high)
    return {
        "width": width,
        "height": height,
        "duration": seconds,
        "frames": walk.frames,
        "codec": stream.codec_context.codec.canonical_name,
        "pixel_format": stream.codec_context.pix_fmt or "",
        "hdr": first.color_trc in HDR_CURVES,
    }
