"""Files that cannot be used: a private word that names the file, nothing held, nothing left."""

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from bot.config import QuotaConfig

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
        file.truncate(200_000_001)


def _gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1_000_000_000)


def _with_a_program(path: Path) -> None:
    _another_type(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("run.class", b"program")


def _with_a_page(path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path, format="JPEG", comment=b"<script>alert(1)</script>")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty.png": (_empty, "is empty"),
    "truncated.png": (_truncated, "damaged"),
    "login.png": (_web_page, "not what its name says"),
    "picture.mp4": (_another_type, "not what its name says"),
    "song.mp3": (_sound, "Send a photo or picture"),
    "bomb.png": (_bomb, "110 megapixels is the most"),
    "archive.png": (_with_a_program, "two files in one (it holds zip)"),
    "page.jpg": (_with_a_page, "two files in one (it holds html)"),
    "ribbon.png": (_ribbon, "16384 pixels is the most"),
    "nothing.mp4": (_without_pictures, "nothing in it"),
    "protected.mp4": (_protected, "protected against copying"),
    "huge.mov": (_huge, "200 MB is the most"),
}


async def _assert_refused(bot: Any, path: Path, says: str, scratch: Path) -> None:
    heard = len(await bot.messages("ada"))
    status, answer = await bot.type("/animate x", path)
    assert status == 400, path.name
    assert path.name in answer["error"]
    assert says in answer["error"]
    assert bot.kept() == [], path.name
    assert os.listdir(scratch) == [], path.name
    assert await bot.messages("ben") == []
    told = (await bot.messages("ada"))[heard:]
    assert [(one["private"], one["text"]) for one in told] == [(True, answer["error"])]
    async with bot.session.get(f"{bot.url}/api/info?member=ada") as info:
        assert (await info.json())["credits_left"] == 500


@pytest.fixture
async def bot(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bot, and a folder for what it has under way."""
    (tmp_path / "scratch").mkdir()
    started = await start(quota=QuotaConfig(credits=500))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return started


async def test_bad_files_are_refused_by_name_and_leave_nothing(bot: Any, tmp_path: Path) -> None:
    for name, (make, says) in BAD.items():
        make(tmp_path / name)
        await _assert_refused(bot, tmp_path / name, says, tmp_path / "scratch")


@pytest.mark.slow
async def test_a_gigabyte_goes_by_and_is_refused(bot: Any, tmp_path: Path) -> None:
    _gigabyte(tmp_path / "film.mov")
    await _assert_refused(bot, tmp_path / "film.mov", "200 MB is the most", tmp_path / "scratch")
