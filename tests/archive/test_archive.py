"""Files kept by key: whole, inside their folder, and readable in parts."""

import asyncio
import hashlib
import random
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.archive import Archive, ArchiveFailed, Stat

CONTENT = random.Random(3).randbytes(12_000_000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "the archive #1%20"


@pytest.fixture(params=["path", "file url", "memory"])
def archive(request: pytest.FixtureRequest, root: Path) -> Archive:
    urls = {"path": str(root), "file url": root.as_uri(), "memory": "memory:///"}
    return Archive(urls[request.param])


@pytest.fixture
def local(root: Path) -> Archive:
    return Archive(str(root))


async def _joined(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def test_what_is_put_comes_back_whole(archive: Archive, source: Path, tmp_path: Path) -> None:
    await archive.put("jobs/1/output.mp4", source, content_type="video/mp4")
    assert await archive.stat("jobs/1/output.mp4") == Stat(len(CONTENT))
    assert await archive.exists("jobs/1/output.mp4")
    assert await _joined(archive.open("jobs/1/output.mp4")) == CONTENT
    target = tmp_path / "fetched"
    await archive.fetch("jobs/1/output.mp4", target)
    fetched = await asyncio.to_thread(target.read_bytes)
    assert hashlib.sha256(fetched).digest() == hashlib.sha256(CONTENT).digest()


async def test_an_empty_file_is_a_file(archive: Archive, tmp_path: Path) -> None:
    await archive.put("empty", _write(tmp_path / "empty", b""), content_type="image/png")
    assert await archive.stat("empty") == Stat(0)
    assert await _joined(archive.open("empty")) == b""


async def test_pieces_are_bounded(local: Archive, source: Path) -> None:
    await local.put("a", source, content_type="video/mp4")
    sizes = [len(piece) async for piece in local.open("a")]
    assert max(sizes) <= 2 * 1024**2
    assert sum(sizes) == len(CONTENT)


@pytest.mark.parametrize(
    ("start", "length"), [(0, 1), (0, 12_000_000), (5_000_000, 3_000_000), (11_999_999, 500)]
)
async def test_a_range_is_read_exactly(
    archive: Archive, source: Path, start: int, length: int
) -> None:
    await archive.put("a", source, content_type="video/mp4")
    assert await _joined(archive.read_range("a", start, length)) == CONTENT[start : start + length]


@pytest.mark.parametrize(("start", "length"), [(-1, 5), (0, 0), (5, -5)])
async def test_a_senseless_range_is_refused(archive: Archive, start: int, length: int) -> None:
    with pytest.raises(ValueError, match="range"):
        await _joined(archive.read_range("a", start, length))


async def test_a_second_put_replaces_the_first(
    archive: Archive, source: Path, tmp_path: Path
) -> None:
    await archive.put("a", source, content_type="video/mp4")
    await archive.put("a", _write(tmp_path / "other", b"other"), content_type="video/mp4")
    assert await _joined(archive.open("a")) == b"other"


async def test_what_is_not_there_is_told_so(archive: Archive, tmp_path: Path) -> None:
    assert await archive.stat("nothing") is None
    assert not await archive.exists("nothing")
    with pytest.raises(FileNotFoundError):
        await _joined(archive.open("nothing"))
    with pytest.raises(FileNotFoundError):
        await _joined(archive.read_range("nothing", 0, 5))
    with pytest.raises(FileNotFoundError):
        await archive.fetch("nothing", tmp_path / "target")
    assert "target" not in _files(tmp_path)


async def test_deleting_is_harmless_to_repeat(archive: Archive, source: Path) -> None:
    await archive.put("a/b", source, content_type="video/mp4")
    await archive.delete("a/b")
    await archive.delete("a/b")
    assert not await archive.exists("a/b")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../outside",
        "a/../../outside",
        "a..b",
        "a/./b",
        "a/.",
        "a//b",
        "a/",
        ".hidden",
        "-a",
        "A",
        "a b",
        "a#1",
        "a%2e%2e",
        "a\\b",
        "a\n",
        "a\0b",
        "ä",
        "a" * 201,
        "a/" * 256 + "a",
    ],
)
async def test_what_is_no_key_touches_nothing(
    local: Archive, root: Path, source: Path, key: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="key"):
        await local.put(key, source, content_type="video/mp4")
    with pytest.raises(ValueError, match="key"):
        await _joined(local.open(key))
    with pytest.raises(ValueError, match="key"):
        await local.stat(key)
    with pytest.raises(ValueError, match="key"):
        await local.delete(key)
    with pytest.raises(ValueError, match="key"):
        local.local_path(key)
    assert _files(tmp_path) == {"source"}


async def test_a_local_file_lies_where_it_is_said_to(
    local: Archive, root: Path, source: Path
) -> None:
    await local.put("jobs/1/a_b-c.mp4", source, content_type="video/mp4")
    path = local.local_path("jobs/1/a_b-c.mp4")
    assert path == root / "jobs" / "1" / "a_b-c.mp4"
    assert await asyncio.to_thread(path.read_bytes) == CONTENT
    assert _files(root) == {"jobs/1/a_b-c.mp4"}


def test_a_new_folder_is_for_its_owner_alone(root: Path) -> None:
    Archive(str(root / "kept"))
    assert stat.S_IMODE((root / "kept").stat().st_mode) == 0o700


def test_other_stores_have_no_local_path() -> None:
    assert Archive("memory:///").local_path("a") is None


async def test_a_reader_never_sees_half_a_file(
    local: Archive, source: Path, tmp_path: Path
) -> None:
    old = _write(tmp_path / "old", b"old" * 1000)
    await local.put("a", old, content_type="video/mp4")
    putting = asyncio.create_task(local.put("a", source, content_type="video/mp4"))
    seen = set()
    while not putting.done():
        seen.add(len(await _joined(local.open("a"))))
    await putting
    assert await _joined(local.open("a")) == CONTENT
    assert seen <= {3000, len(CONTENT)}


async def test_a_put_that_fails_leaves_nothing(local: Archive, root: Path, tmp_path: Path) -> None:
    with pytest.raises((FileNotFoundError, ArchiveFailed)):
        await local.put("a", tmp_path / "no such file", content_type="video/mp4")
    assert _files(root) == set()


async def test_a_key_below_a_file_fails_as_data(local: Archive, source: Path) -> None:
    await local.put("a", source, content_type="video/mp4")
    with pytest.raises(ArchiveFailed):
        await local.put("a/b", source, content_type="video/mp4")


@pytest.mark.parametrize("url", ["s3://bucket/some/prefix", "gs://bucket/prefix"])
def test_remote_stores_are_built_from_their_url_alone(url: str) -> None:
    assert Archive(url).local_path("a") is None


@pytest.mark.parametrize("url", ["file://relative/path", "gopher://bucket/a"])
def test_an_address_of_no_store_is_refused(url: str) -> None:
    with pytest.raises((ValueError, ArchiveFailed)):
        Archive(url)
