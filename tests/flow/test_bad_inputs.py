"""Files that cannot be used: a private word that names the file, nothing held, nothing left."""

import struct
import tempfile
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

Start = Callable[..., Awaitable[Any]]


def _png(path: Path, width: int, height: int) -> None:
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, part in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
        data += struct.pack(">I", len(part)) + kind + part
        data += struct.pack(">I", zlib.crc32(kind + part))
    path.write_bytes(data)


def _film(path: Path, frames: int, **options: str) -> None:
    with av.open(str(path), "w", format="mp4", options=options) as opened:
        stream = opened.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        opened.start_encoding()
        for turn in range(frames):
            image = Image.new("RGB", (160, 96), (turn * 9, 0, 0))
            opened.mux(stream.encode(av.VideoFrame.from_image(image)))
        if frames:
            opened.mux(stream.encode())


def _empty(path: Path) -> None:
    path.touch()


def _truncated(path: Path) -> None:
    Image.effect_noise((200, 200), 80).save(path, format="PNG")
    path.write_bytes(path.read_bytes()[:5000])


def _web_page(path: Path) -> None:
    path.write_text("<!doctype html><title>Sign in</title>")


def _another_type(path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path, format="PNG")


def _sound(path: Path) -> None:
    path.write_bytes(b"ID3\x04" + bytes(500))


def _bomb(path: Path) -> None:
    _png(path, 20_000, 20_000)


def _ribbon(path: Path) -> None:
    _png(path, 100_000, 1)


def _without_pictures(path: Path) -> None:
    _film(path, 0, movflags="empty_moov")


def _protected(path: Path) -> None:
    key = "0123456789abcdef" * 2
    _film(path, 24, encryption_scheme="cenc-aes-ctr", encryption_key=key, encryption_kid=key[::-1])


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(201_000_000)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty.png": (_empty, "is empty"),
    "truncated.png": (_truncated, "damaged"),
    "login.png": (_web_page, "not what its name says"),
    "picture.mp4": (_another_type, "not what its name says"),
    "song.mp3": (_sound, "Send a photo or picture"),
    "bomb.png": (_bomb, "110 megapixels is the most"),
    "ribbon.png": (_ribbon, "16384 pixels is the most"),
    "nothing.mp4": (_without_pictures, "nothing in it"),
    "protected.mp4": (_protected, "protected against copying"),
    "huge.mov": (_huge, "200 MB is the most"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_file_is_refused_by_name_and_leaves_nothing(
    start: Start, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, says = BAD[name]
    make(tmp_path / name)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    bot = await start()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    status, answer = await bot.type("/animate x", tmp_path / name)
    assert status == 400
    assert name in answer["error"]
    assert says in answer["error"]
    assert bot.kept() == []
    assert list(scratch.iterdir()) == []
    assert await bot.messages("ben") == []
    assert all(message["private"] for message in await bot.messages("ada"))
