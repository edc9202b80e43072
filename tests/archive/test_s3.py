"""The archive on S3: the same promises, against a real S3 server on this machine."""

import importlib.util
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.archive import Archive, Stat
from bot.errors import ArchiveFailed

needs_moto = pytest.mark.skipif(
    importlib.util.find_spec("moto") is None,
    reason="needs moto's S3 server: pip install 'moto[s3,server]'",
)
# Over S3's smallest part of 5 MiB twice, so that it goes there in parts.
CONTENT = random.Random(6).randbytes(12_000_000)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 server with one bucket, and the environment that leads there."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    yield url
    server.stop()


@pytest.fixture
async def archive(endpoint: str) -> Archive:
    async with ClientSession() as session, session.put(f"{endpoint}/films") as answer:
        assert answer.status == 200
    return Archive("s3://films/dailies")


@needs_moto
async def test_a_large_file_goes_there_and_comes_back(archive: Archive, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(CONTENT)
    await archive.put("outputs/job/0.mp4", source, content_type="video/mp4")
    assert await archive.stat("outputs/job/0.mp4") == Stat(len(CONTENT))
    await archive.fetch("outputs/job/0.mp4", target)
    assert target.read_bytes() == CONTENT
    part = b"".join([p async for p in archive.read_range("outputs/job/0.mp4", 5_000_000, 1000)])
    assert part == CONTENT[5_000_000:5_001_000]
    assert archive.local_path("outputs/job/0.mp4") is None


@needs_moto
async def test_it_is_listed_under_its_own_key_with_its_type(
    archive: Archive, endpoint: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100)
    await archive.put("outputs/job/0.mp4", source, content_type="video/mp4")
    listed = [file async for file in archive.list()]
    assert [(file.key, file.size) for file in listed] == [("outputs/job/0.mp4", 100)]
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint)
    head = client.head_object(Bucket="films", Key="dailies/outputs/job/0.mp4")
    client.close()
    assert head["ContentType"] == "video/mp4"


@needs_moto
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


@needs_moto
async def test_a_bucket_that_is_not_there_is_an_archive_that_failed(
    endpoint: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    assert endpoint == os.environ["AWS_ENDPOINT_URL"]
    with pytest.raises((ArchiveFailed, FileNotFoundError)):
        await Archive("s3://nothing-here").put("a", source, content_type="text/plain")
