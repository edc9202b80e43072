"""The whole bot with its archive in a bucket: made, shown, used again, compressed, linked."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.config import ArchiveConfig, PlaygroundConfig, WebConfig
from tests.archive.s3 import BUCKET, environment, s3_server

Start = Callable[..., Awaitable[Any]]
PUBLIC = "https://dailies.example"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with s3_server() as address:
        for name, value in environment(address).items():
            monkeypatch.setenv(name, value)
        yield f"s3://{BUCKET}/dailies"


async def test_a_story_with_a_bucket(start: Start, bucket: str) -> None:
    bot = await start(
        archive=ArchiveConfig(url=bucket),
        playground=PlaygroundConfig(enabled=True, upload_mb=0.05),
        web=WebConfig(port=0, public_url=PUBLIC),
    )
    assert (await bot.type("/imagine a fox"))[0] == 202
    [result] = await bot.results(1)
    [shown] = result["attachments"]
    async with bot.session.get(bot.url + shown["url"]) as answer:
        assert (answer.status, answer.content_type) == (200, shown["content_type"])
        assert len(await answer.read()) == shown["size"] <= 50_000
    original = urlsplit(next(word for word in result["text"].split() if word.startswith(PUBLIC)))
    address = f"{bot.url}{original.path}?{original.query}"
    async with bot.session.get(address) as answer:
        whole = await answer.read()
        assert (answer.status, answer.content_type) == (200, "image/png")
    async with bot.session.get(address, headers={"Range": "bytes=100-199"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole[100:200])
    async with bot.session.get(address, headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416
    async with bot.session.get(f"{bot.url}/media/outputs/nothing/0.png") as answer:
        assert answer.status == 404
    assert (await bot.type("/animate it runs --ref last"))[0] == 202
    _, film = await bot.results(2)
    assert film["attachments"][0]["content_type"].startswith("video/")
