"""A video in a new container: the same pictures and sound, and nothing else. Child process only."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from bot.media.errors import Reason, UnusableFile
from bot.media.film import OPTIONS, picture_stream, pixel_shape

# Matroska tells no order of decoding; FFmpeg works it out after a few packets.
_MOST_WAITING = 64


def clean(path: Path, container: str, target: Path, muxer: str, pixels: int) -> None:
    """Copy the picture and the first sound; places, devices, notes and other tracks stay behind.

    Raises UnusableFile where a copy would show more than the file does, or in another shape.
    """
    options = OPTIONS | {"max_pixels": str(pixels)}
    index_first = {"movflags": "+faststart"} if muxer in ("mp4", "mov") else {}
    with (
        av.open(str(path), "r", format=container, options=options) as source,
        av.open(str(target), "w", format=muxer, options=index_first) as made,
    ):
        picture = picture_stream(source)
        if pixel_shape(picture) != 1:
            raise UnusableFile(Reason.UNDECODABLE, detail="pixels that are not square")
        sound = next((each for each in source.streams.audio if each.codec_context), None)
        kept = [picture] if sound is None else [picture, sound]
        copies = {each.index: made.add_stream_from_template(each) for each in kept}
        for packet in _timed(source.demux(kept)):
            if packet.is_discard and packet.stream_index == picture.index:
                raise UnusableFile(Reason.UNDECODABLE, detail="pictures that are hidden")
            packet.stream = copies[packet.stream.index]
            made.mux(packet)


def _timed(packets: "Iterable[Packet[Stream]]") -> "Iterator[Packet[Stream]]":
    """Every packet with its place in the order of decoding, which a muxer must have."""
    waiting: dict[int, list[Packet[Stream]]] = {}
    for packet in packets:
        if not packet.size:
            continue  # the last one of each stream
        held = waiting.setdefault(packet.stream_index, [])
        if packet.dts is None:
            held.append(packet)
            if len(held) > _MOST_WAITING:
                break
            continue
        for back, earlier in enumerate(reversed(held), start=1):
            earlier.dts = packet.dts - back * (packet.duration or 1)
        yield from held
        held.clear()
        yield packet
    if any(waiting.values()):
        raise UnusableFile(Reason.UNDECODABLE, detail="no order of decoding")
