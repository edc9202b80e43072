"""HEIC stills from phones, decoded with FFmpeg's HEVC. Runs in the child process only.

FFmpeg opens every coded item of a HEIF file as a stream whose id is the item's. How they make one
picture (a grid of tiles, turns, mirrors, the visible part) is told by the file's `meta` box and is
put together here: ISO/IEC 23008-12.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from PIL import Image

from bot.media.boxes import Box, Reader, boxes, find_box
from bot.media.errors import Reason, UnusableFile

CheckSize = Callable[[int, int], None]
_MOST_META_BYTES = 4 * 1024 * 1024
_MOST_TILES = 1024
_CODED = frozenset({b"hvc1", b"hev1"})
_OPTIONS = {"protocol_whitelist": "file", "codec_whitelist": "hevc", "enable_drefs": "0"}
_MIRRORS = (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)
# `irot` counts turns of 90 degrees against the clock, as Pillow's transposes do.
_TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


@dataclass(slots=True)
class _Layout:
    """What the `meta` box says: items by id, their properties in order, and what they refer to."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    properties: dict[int, list[Box]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    extents: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Tiles, row by row, and the size of the picture that they make before it is turned."""

    items: list[int]
    columns: int
    width: int
    height: int


def open_heif(path: Path, check_size: CheckSize) -> Image.Image:
    """The primary picture, turned as it is meant; its colour profile is in `info`."""
    try:
        layout = _read_layout(path)
        plan = _plan(layout, path)
    except (IndexError, KeyError, ValueError) as error:
        raise UnusableFile(Reason.UNDECODABLE, detail=f"heif: {type(error).__name__}") from None
    check_size(plan.width, plan.height)
    return _turned(_assemble(path, plan), layout.properties.get(layout.primary, []))


def _read_layout(path: Path) -> _Layout:
    meta = find_box(path, b"meta", _MOST_META_BYTES)
    layout, properties = _Layout(), list[Box]()
    for box in boxes(meta[4:]):  # a full box: version and flags come first
        if box.kind == b"pitm":
            reader = Reader(box.content)
            layout.primary = reader.number(2 if reader.version() == 0 else 4)
        elif box.kind == b"idat":
            layout.data = box.content
        elif box.kind == b"iprp":
            properties = [box, *properties]
        elif box.kind in _READERS:
            _READERS[box.kind](layout, box.content)
    for box in properties:
        _read_properties(layout, box.content)
    return layout


def _read_kinds(layout: _Layout, content: bytes) -> None:
    reader = Reader(content)
    reader.number(2 if reader.version() == 0 else 4)
    for box in boxes(reader.rest()):
        entry = Reader(box.content)
        item = entry.number(2 if entry.version() < 3 else 4)
        entry.number(2)
        layout.kinds[item] = entry.take(4)


def _read_references(layout: _Layout, content: bytes) -> None:
    reader = Reader(content)
    wide = 2 if reader.version() == 0 else 4
    for box in boxes(reader.rest()):
        entry = Reader(box.content)
        item, count = entry.number(wide), entry.number(2)
        if box.kind == b"dimg":
            layout.parts[item] = [entry.number(wide) for _ in range(min(count, _MOST_TILES + 1))]


def _read_places(layout: _Layout, content: bytes) -> None:
    reader = Reader(content)
    version, sizes = reader.version(), reader.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.number(2 if version < 2 else 4)):
        item = reader.number(2 if version < 2 else 4)
        how = reader.number(2) & 15 if version else 0
        reader.number(2)
        start = reader.number(base)
        for _ in range(reader.number(2)):
            reader.number(index if version else 0)
            place = (how, start + reader.number(offset), reader.number(length))
            layout.extents.setdefault(item, place)


def _read_properties(layout: _Layout, content: bytes) -> None:
    shared: list[Box] = []
    for box in boxes(content):
        if box.kind == b"ipco":
            shared = list(boxes(box.content))
        elif box.kind == b"ipma":
            _read_associations(layout, shared, box.content)


def _read_associations(layout: _Layout, shared: list[Box], content: bytes) -> None:
    reader = Reader(content)
    version, flags = reader.version_and_flags()
    wide = 2 if flags & 1 else 1
    for _ in range(reader.number(4)):
        item = reader.number(2 if version == 0 else 4)
        for _ in range(reader.number(1)):
            number = reader.number(wide) & (0x7FFF if wide == 2 else 0x7F)
            if number:
                layout.properties.setdefault(item, []).append(shared[number - 1])


_READERS: dict[bytes, Callable[[_Layout, bytes], None]] = {
    b"iinf": _read_kinds,
    b"iref": _read_references,
    b"iloc": _read_places,
}


def _plan(layout: _Layout, path: Path) -> _Plan:
    kind = layout.kinds[layout.primary]
    size = path.stat().st_size
    if any(how == 0 and start + length > size for how, start, length in layout.extents.values()):
        raise UnusableFile(Reason.UNDECODABLE, detail="the file ends early")
    if kind in _CODED:
        spatial = next(b for b in _properties_of(layout) if b.kind == b"ispe")
        reader = Reader(spatial.content)
        reader.version()
        return _Plan([layout.primary], 1, reader.number(4), reader.number(4))
    if kind != b"grid":
        raise UnusableFile(Reason.UNSUPPORTED_TYPE, found=f"heif {kind.decode('ascii', 'replace')}")
    reader = Reader(_payload(layout, path))
    reader.number(1)
    wide = 4 if reader.number(1) & 1 else 2
    rows, columns = reader.number(1) + 1, reader.number(1) + 1
    tiles = layout.parts[layout.primary]
    if len(tiles) != rows * columns or len(tiles) > _MOST_TILES:
        raise UnusableFile(Reason.UNDECODABLE, detail="a grid with other tiles than it says")
    return _Plan(tiles, columns, reader.number(wide), reader.number(wide))


def _properties_of(layout: _Layout) -> Iterator[Box]:
    found = layout.properties.get(layout.primary, [])
    if not any(box.kind == b"ispe" for box in found):
        raise UnusableFile(Reason.UNDECODABLE, detail="a picture without a size")
    yield from found


def _payload(layout: _Layout, path: Path) -> bytes:
    how, start, length = layout.extents[layout.primary]
    length = min(length or 64, 64)
    if how == 1:
        return layout.data[start : start + length]
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _assemble(path: Path, plan: _Plan) -> Image.Image:
    canvas = Image.new("RGB", (plan.width, plan.height))
    with av.open(str(path), "r", format="mp4", options=_OPTIONS) as opened:
        missing = set(range(len(plan.items)))
        for place, tile in _tiles(opened, plan):
            row, column = divmod(place, plan.columns)
            canvas.paste(tile, (column * tile.width, row * tile.height))
            missing.discard(place)
    if missing:
        raise UnusableFile(Reason.UNDECODABLE, detail="tiles are missing")
    return canvas


def _tiles(opened: InputContainer, plan: _Plan) -> Iterator[tuple[int, Image.Image]]:
    """Each tile with its place in the grid, in the order of the file."""
    places = {item: place for place, item in enumerate(plan.items)}
    streams = [stream for stream in opened.streams.video if stream.id in places]
    if len(streams) != len(places):
        raise UnusableFile(Reason.UNDECODABLE, detail="tiles are missing")
    for stream in streams:
        stream.codec_context.thread_count = 1
    for packet in opened.demux(streams):
        for frame in packet.decode():
            if not isinstance(frame, VideoFrame) or frame.is_corrupt:
                raise UnusableFile(Reason.UNDECODABLE, detail="a tile is damaged")
            picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
            yield places[packet.stream.id], picture


def _turned(picture: Image.Image, properties: list[Box]) -> Image.Image:
    """The picture after its own transformations, in the order in which the file has them."""
    for box in properties:
        turn: Image.Transpose | None = None
        if box.kind == b"irot":
            turn = _TURNS[box.content[0] & 3]
        elif box.kind == b"imir":
            turn = _MIRRORS[box.content[0] & 1]
        elif box.kind == b"clap":
            picture = _visible(picture, box.content)
        elif box.kind == b"colr" and box.content[:4] in (b"prof", b"rICC"):
            picture.info["icc_profile"] = box.content[4:]
        if turn is not None:
            profile = picture.info.get("icc_profile")
            picture = picture.transpose(turn)
            picture.info["icc_profile"] = profile
    return picture


def _visible(picture: Image.Image, content: bytes) -> Image.Image:
    """The clean aperture: eight numbers, as four fractions: width, height, shift from the centre."""
    reader = Reader(content)
    width, height, right, down = (
        reader.signed() / (reader.signed() or 1) for _ in range(4)
    )  # fmt: skip
    if not (0 < width <= picture.width and 0 < height <= picture.height):
        return picture
    left = max(0.0, (picture.width - width) / 2 + right)
    top = max(0.0, (picture.height - height) / 2 + down)
    box = (round(left), round(top), round(left + width), round(top + height))
    profile = picture.info.get("icc_profile")
    seen = picture.crop(box)
    seen.info["icc_profile"] = profile
    return seen
