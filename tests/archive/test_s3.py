"""The archive on S3: the same promises, against a real S3 server on this machine."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.archive import Archive, Stat
from bot.errors import ArchiveFailed
from bot.retention import Keeping, Retention
from tests.archive.s3 import BUCKET, KEYS, environment, line_to, s3_server

MIB = 1024 * 1024
# Over S3's smallest part of 5 MiB twice, so that it goes there in parts.
CONTENT = random.Random(6).randbytes(12_000_000)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def endpoint(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server, and the environment that leads there."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def archive(endpoint: str, tmp_path: Path) -> Archive:
    """A prefix of its own for each test."""
    return Archive(f"s3://{BUCKET}/{tmp_path.name}")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


async def _part(archive: Archive, start: int, length: int) -> bytes:
    return b"".join([p async for p in archive.read_range("outputs/job/0.mp4", start, length)])


async def test_a_large_file_goes_there_in_parts_and_comes_back(
    archive: Archive, endpoint: str, source: Path, tmp_path: Path
) -> None:
    await archive.put("outputs/job/0.mp4", source, content_type="video/mp4")
    assert await archive.stat("outputs/job/0.mp4") == Stat(len(CONTENT))
    await archive.fetch("outputs/job/0.mp4", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == CONTENT
    assert await _part(archive, 5_000_000, 1000) == CONTENT[5_000_000:5_001_000]
    assert archive.local_path("outputs/job/0.mp4") is None
    head = _head(endpoint, f"{tmp_path.name}/outputs/job/0.mp4")
    assert head["ContentType"] == "video/mp4"
    assert head["ETag"].endswith('-3"')  # S3's mark of a file that came in three parts


def _head(endpoint: str, key: str) -> dict[str, Any]:
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
    head: dict[str, Any] = client.head_object(Bucket=BUCKET, Key=key)
    client.close()
    return head


async def test_it_is_listed_under_its_own_key(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100)
    await archive.put("outputs/job/0.mp4", tmp_path / "small", content_type="video/mp4")
    listed = [file async for file in archive.list()]
    assert [(file.key, file.size) for file in listed] == [("outputs/job/0.mp4", 100)]


async def test_what_is_removed_or_was_never_there_is_missing(
    archive: Archive, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    await archive.put("a", source, content_type="text/plain")
    await archive.delete("a")
    await archive.delete("a")
    assert await archive.stat("a") is None
    with pytest.raises(FileNotFoundError):
        await archive.fetch("a", tmp_path / "target")


async def test_a_bucket_that_is_not_there_is_an_archive_that_failed(
    endpoint: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    assert endpoint == os.environ["AWS_ENDPOINT_URL"]
    with pytest.raises((ArchiveFailed, FileNotFoundError)):
        await Archive("s3://nothing-here").put("a", source, content_type="text/plain")


async def test_reading_goes_on_where_a_connection_broke_off(
    archive: Archive, endpoint: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archive.put("outputs/job/0.mp4", source, content_type="video/mp4")
    async with line_to(endpoint) as (line, address):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        far = Archive(f"s3://{BUCKET}/{tmp_path.name}")
        line.breaks, line.after = 5, 3_000_000
        await far.fetch("outputs/job/0.mp4", tmp_path / "target")
        assert line.broken >= 3
        assert (tmp_path / "target").read_bytes() == CONTENT


async def test_an_upload_outlives_connections_that_break_off(
    archive: Archive, endpoint: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line_to(endpoint) as (line, address):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        far = Archive(f"s3://{BUCKET}/{tmp_path.name}")
        line.breaks, line.after = 2, 3_000_000
        await far.put("outputs/job/0.mp4", source, content_type="video/mp4")
        assert line.broken == 2
    await archive.fetch("outputs/job/0.mp4", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == CONTENT


class _Idle:
    """A bot that has nothing under way, so many days from now."""

    async def unfinished(self) -> Sequence[Any]:
        return ()

    async def open_drafts(self) -> Sequence[Any]:
        return ()

    def __init__(self, days: float) -> None:
        self._now = datetime.now(UTC) + timedelta(days=days)

    def now(self) -> datetime:
        return self._now


@pytest.mark.parametrize(
    ("days", "keeping", "left"),
    [
        (29, Keeping(age=timedelta(days=30)), 3),
        (31, Keeping(age=timedelta(days=30)), 0),
        (1, Keeping(most_bytes=250), 2),
        (0, Keeping(most_bytes=250), 3),  # under an hour old
    ],
)
async def test_retention_tidies_a_bucket(
    archive: Archive, tmp_path: Path, days: int, keeping: Keeping, left: int
) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100)
    for number in range(3):
        key = f"outputs/job{number}/0.mp4"
        await archive.put(key, tmp_path / "small", content_type="video/mp4")
    idle = _Idle(days)
    retention = Retention(archive, idle, idle, idle, keeping)  # type: ignore[arg-type]  # as much as it asks for
    assert await retention.tidy() == 3 - left
    assert len([file async for file in archive.list()]) == left


_STREAM = """
import asyncio, json, os, resource, sys
from pathlib import Path
from bot.archive import Archive

async def main():
    archive, folder = Archive(sys.argv[1]), Path(sys.argv[2])
    Path(folder, "warm").write_bytes(b"x" * 6_000_000)
    await archive.put("warm", folder / "warm", content_type="video/mp4")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await archive.put("large", folder / "large", content_type="video/mp4")
    await archive.fetch("large", folder / "back")
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before), flush=True)
    # Right after a stream, a thread of obstore's may still wait for an interpreter that is being
    # taken down, and abort the process: once in twenty times, and not what is measured here.
    os._exit(0)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS counts memory in another unit")
def test_a_large_output_streams_through_little_memory(endpoint: str, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(100 * MIB)
    done = subprocess.run(
        [sys.executable, "-c", _STREAM, f"s3://{BUCKET}/{tmp_path.name}", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "back").stat().st_size == 100 * MIB
    assert json.loads(done.stdout) * 1024 < 32 * MIB
