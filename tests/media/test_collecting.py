"""An output into the archive: kept while it is looked into, and only what is whole stays."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from bot.archive import Archive
from bot.errors import ArchiveFailed, OutputUnusable
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.requests import Kind
from tests.media.inside import Inside

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


@pytest.fixture
def library(archive: Archive, downloader: Downloader) -> MediaLibrary:
    return MediaLibrary(archive, downloader, children=Inside())


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    path = tmp_path / "picture.png"
    Image.effect_noise((64, 48), 50).convert("RGB").save(path)
    return path.read_bytes()


async def test_what_is_whole_is_kept_with_its_facts(
    serve: Serve, library: MediaLibrary, archive: Archive, picture: bytes
) -> None:
    url = await serve(_answer(picture))
    media = await library.collect(f"{url}/0.png", "outputs/job/0", Kind.IMAGE, "fox")
    assert (media.key, media.name) == ("outputs/job/0.png", "fox.png")
    assert (media.width, media.height, media.size) == (64, 48, len(picture))
    assert media.sha256 == hashlib.sha256(picture).hexdigest()
    assert b"".join([piece async for piece in archive.open(media.key)]) == picture


async def test_what_does_not_decode_does_not_stay(
    serve: Serve, library: MediaLibrary, archive: Archive, picture: bytes
) -> None:
    url = await serve(_answer(picture[: len(picture) // 2]))
    with pytest.raises(OutputUnusable):
        await library.collect(f"{url}/0.png", "outputs/job/0", Kind.IMAGE, "fox")
    assert [file async for file in archive.list()] == []


async def test_an_archive_that_takes_nothing_is_what_is_wrong_with_a_whole_file(
    serve: Serve, library: MediaLibrary, tmp_path: Path, picture: bytes
) -> None:
    url = await serve(_answer(picture))
    (tmp_path / "archive").rmdir()
    (tmp_path / "archive").touch()
    with pytest.raises(ArchiveFailed):
        await library.collect(f"{url}/0.png", "outputs/job/0", Kind.IMAGE, "fox")


def _answer(content: bytes) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content)

    return answer
