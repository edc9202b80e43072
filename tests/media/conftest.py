"""Real files, made by the libraries that phones' and cameras' files come from, and a real server."""

import functools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import pytest
from aiohttp import ClientSession, web
from PIL import Image

from bot.media.download import Downloader

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Write an image: `picture("a.png", size=(64, 48), **save options)`."""

    def make(
        name: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object
    ) -> Path:
        path = tmp_path / name
        noise = Image.effect_noise(size, 80).convert(mode)
        noise.save(path, **options)
        return path

    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Write a video: `film("a.mp4", frames=24, codec="libx264", options={...})`."""

    def make(
        name: str,
        *,
        frames: int = 24,
        size: tuple[int, int] = (160, 96),
        codec: str = "libx264",
        pixels: str = "yuv420p",
        container: str | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        kind = container or {"mkv": "matroska"}.get(path.suffix[1:], path.suffix[1:])
        chosen = tuple((options or {}).items())
        path.write_bytes(_encoded(frames, size, codec, pixels, kind, chosen))
        return path

    return make


@functools.cache
def _encoded(
    frames: int,
    size: tuple[int, int],
    codec: str,
    pixels: str,
    container: str,
    options: tuple[tuple[str, str], ...],
) -> bytes:
    """A video of turning noise; many tests begin with the same one."""
    with tempfile.NamedTemporaryFile() as written:
        with av.open(written.name, "w", format=container, options=dict(options)) as opened:
            stream = opened.add_stream(codec, rate=24)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            noise = Image.effect_noise(size, 60).convert("RGB")
            for turn in range(frames):
                frame = av.VideoFrame.from_image(noise.rotate(turn * 7))
                opened.mux(stream.encode(frame))
            opened.mux(stream.encode())
        return Path(written.name).read_bytes()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Start a server on loopback whose every path is answered by the given handler."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
def downloader(session: ClientSession) -> Downloader:
    return Downloader(session, allow_loopback=True, pause=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.fixture
def heic(tmp_path: Path) -> Callable[..., Path]:
    """Write a HEIC as phones do: `heic("a.heic", image, tile=64, turns=1)`.

    The picture is cut into square tiles with one `grid` over them; `turns` is `irot`, in steps of
    90 degrees against the clock. Without `tile` it is one coded item.
    """

    def make(name: str, image: Image.Image, tile: int | None = None, turns: int = 0) -> Path:
        path = tmp_path / name
        path.write_bytes(_heic(image.convert("RGB"), tile, turns, tmp_path / "tile.mkv"))
        return path

    return make


def _heic(image: Image.Image, tile: int | None, turns: int, scratch: Path) -> bytes:
    side = tile or 0
    columns = -(-image.width // side) if tile else 1
    rows = -(-image.height // side) if tile else 1
    size = (side, side) if tile else image.size
    coded = [
        _hevc(image.crop((x * size[0], y * size[1], (x + 1) * size[0], (y + 1) * size[1])), scratch)
        for y in range(rows)
        for x in range(columns)
    ]
    grid = bytes([0, 0, rows - 1, columns - 1])
    grid += image.width.to_bytes(2, "big") + image.height.to_bytes(2, "big")
    items = [(number, b"hvc1", data) for number, (_, data) in enumerate(coded, start=1)]
    if tile:
        items.append((len(items) + 1, b"grid", grid))
    primary = items[-1][0]

    def ispe(width: int, height: int) -> bytes:
        return _full(b"ispe", width.to_bytes(4, "big") + height.to_bytes(4, "big"))

    # Shared properties: 1 the decoder's, 2 a tile's size, 3 the picture's size, 4 the turn.
    shared = _box(b"hvcC", coded[0][0]) + ispe(*size) + ispe(*image.size)
    shared += _box(b"irot", bytes([turns]))
    meant = {number: [1, 2] for number, kind, _ in items if kind == b"hvc1"}
    meant[primary] = [*([3] if tile else meant[primary]), 4]
    ipma = len(meant).to_bytes(4, "big") + b"".join(
        number.to_bytes(2, "big") + bytes([len(found), *found]) for number, found in meant.items()
    )
    refers = primary.to_bytes(2, "big") + len(coded).to_bytes(2, "big")
    refers += b"".join(number.to_bytes(2, "big") for number in range(1, len(coded) + 1))

    def meta(start: int) -> bytes:
        places, at = len(items).to_bytes(2, "big"), start
        for number, _, data in items:
            places += number.to_bytes(2, "big") + bytes([0, 0, 0, 1])
            places += at.to_bytes(4, "big") + len(data).to_bytes(4, "big")
            at += len(data)
        kinds = b"".join(
            _full(b"infe", number.to_bytes(2, "big") + bytes(2) + kind + b"\0", version=2)
            for number, kind, _ in items
        )
        return _full(
            b"meta",
            _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + _full(b"pitm", primary.to_bytes(2, "big"))
            + _full(b"iloc", b"\x44\x00" + places)
            + _full(b"iinf", len(items).to_bytes(2, "big") + kinds)
            + (_full(b"iref", _box(b"dimg", refers)) if tile else b"")
            + _box(b"iprp", _box(b"ipco", shared) + _full(b"ipma", ipma)),
        )

    head = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box(b"mdat", b"".join(data for _, _, data in items))


def _hevc(image: Image.Image, scratch: Path) -> tuple[bytes, bytes]:
    """A picture as one HEVC frame: the decoder's settings, and the coded picture."""
    with av.open(str(scratch), "w") as opened:
        quiet = {"x265-params": "log-level=none:crf=8:pools=1", "preset": "ultrafast"}
        stream = opened.add_stream("libx265", rate=1, options=quiet)
        stream.width, stream.height, stream.pix_fmt = *image.size, "yuv420p"
        frame = av.VideoFrame.from_image(image)
        for packet in (*stream.encode(frame), *stream.encode()):
            # x265 leaves the decoding time of a lone frame as it found it in memory, and the
            # container refuses one that is after the frame's own.
            packet.pts = packet.dts = 0
            opened.mux(packet)
    with av.open(str(scratch)) as opened:
        packet = next(packet for packet in opened.demux(video=0) if packet.size)
        return opened.streams.video[0].codec_context.extradata or b"", bytes(packet)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
