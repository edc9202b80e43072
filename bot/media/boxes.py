"""The boxes that MP4 and HEIF files are made of (ISO/IEC 14496-12), read with distrust."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    content: bytes


class Reader:
    """Big-endian numbers one after the other; ValueError where the content ends too early."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._content):
            raise ValueError("a box ends early")
        taken, self._at = self._content[self._at : end], end
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def signed(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def version(self) -> int:
        """The version of a full box; its flags are passed over."""
        return self.version_and_flags()[0]

    def version_and_flags(self) -> tuple[int, int]:
        word = self.number(4)
        return word >> 24, word & 0xFFFFFF

    def rest(self) -> bytes:
        return self._content[self._at :]


def boxes(content: bytes) -> Iterator[Box]:
    """The boxes side by side in `content`; ValueError where one does not fit."""
    at = 0
    while at + 8 <= len(content):
        length, head = int.from_bytes(content[at : at + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        length = length or len(content) - at
        if length < head or at + length > len(content):
            raise ValueError("a box is longer than its place")
        yield Box(content[at + 4 : at + 8], content[at + head : at + length])
        at += length


def find_box(path: Path, kind: bytes, most: int) -> bytes:
    """The content of the first such box at the top of a file; ValueError when there is none."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, start = int.from_bytes(head[:4], "big"), 8
            if length == 1:
                length, start = int.from_bytes(head[8:16], "big"), 16
            length = length or size - at
            if length < start or at + length > size:
                raise ValueError("a box is cut off")
            if head[4:8] == kind:
                if length > most:
                    raise ValueError("a box is too long")
                file.seek(at + start)
                return file.read(length - start)
            at += length
    raise ValueError("no such box")
