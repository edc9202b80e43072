"""Whether a video file ends before its own boxes do: a cut that decoders often forgive."""

import os
from pathlib import Path
from typing import BinaryIO

# ISO/IEC 14496-12: a box is 32 bits of length (1: 64 bits follow; 0: to the end), then its type.
_MEDIA_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx"})
_EBML_HEADER = 0x1A45DFA3
_SEGMENT = 0x18538067


def is_cut_off(path: Path, container: str) -> bool:
    """Whether an `mp4` or `matroska` file is shorter than it says; others have no word on it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if container == "matroska":
            return _matroska_is_cut_off(file, size)
        return container == "mp4" and _bmff_is_cut_off(file, size)


def _bmff_is_cut_off(file: BinaryIO, size: int) -> bool:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return False
        if at + length > size:
            return kind in _MEDIA_BOXES
        at += length
    return False


def _matroska_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Follow the elements of the Segment (RFC 8794, section 6); unknown sizes are believed."""
    if _element_id(file) != _EBML_HEADER:
        return False
    file.seek(_element_size(file) or 0, os.SEEK_CUR)
    if _element_id(file) != _SEGMENT or (length := _element_size(file)) is None:
        return False
    end = file.tell() + length
    while file.tell() < min(end, size):
        if not _element_id(file):
            return True
        if (length := _element_size(file)) is None:
            return False
        file.seek(length, os.SEEK_CUR)
    return end > size


def _element_id(file: BinaryIO) -> int:
    """The identifier with its length marker, 0 when there is none."""
    first = file.read(1)
    more = 8 - first[0].bit_length() if first else 8
    return int.from_bytes(first + file.read(more), "big") if more < 4 else 0


def _element_size(file: BinaryIO) -> int | None:
    """A variable-length integer; all data bits set means unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    mask = (1 << (7 * (more + 1))) - 1
    value = int.from_bytes(first + file.read(more), "big") & mask
    return None if value == mask else value
