"""A channel with a small limit: what arrives there, and the way to the original."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from bot.config import PlaygroundConfig, WebConfig
from bot.web.server import ANSWER
from tests.flow.conftest import bots

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = "https://dailies.example"


def _link(text: str) -> str:
    """The link's path and query, as they are on our server."""
    parts = urlsplit(next(word for word in text.split() if word.startswith(PUBLIC)))
    return f"{parts.path}?{parts.query}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """A bot in a channel that takes 50 KB: every picture is larger, and its first result."""
    async with bots(tmp_path_factory.mktemp("small")) as start:
        bot = await start(
            playground=PlaygroundConfig(enabled=True, upload_mb=0.05),
            web=WebConfig(port=0, public_url=PUBLIC),
        )
        assert (await bot.type("/imagine a fox"))[0] == 202
        [result] = await bot.results(1)
        yield bot, result


async def test_a_file_over_the_limit_is_compressed_and_its_original_linked(small: Any) -> None:
    bot, result = small
    [shown] = result["attachments"]
    assert shown["size"] <= 50_000
    assert "Compressed from " in result["text"]
    async with bot.session.get(bot.url + _link(result["text"])) as answer:
        original = await answer.read()
        assert answer.status == 200
        assert answer.content_type == "image/png"
    path = bot.folder / "archive" / "outputs" / result["job_id"] / "0.png"
    assert original == path.read_bytes()


async def test_the_page_is_given_the_link_as_such(small: Any) -> None:
    _, result = small
    [link] = [span for span in result["spans"] if span["kind"] == "link"]
    assert link["text"] == "Original"
    assert link["url"].startswith(f"{PUBLIC}/files/outputs/{result['job_id']}/0.png?until=")


async def test_an_address_that_a_person_typed_is_never_a_link(small: Any) -> None:
    bot, _ = small
    lure = f"{PUBLIC}/files/outputs/a/0?signature=x"
    assert (await bot.type(f"/imagine a sign that says {lure}"))[0] == 202
    await bot.results(2)
    links = [
        span["url"]
        for message in await bot.messages()
        for span in (message.get("spans") or [])
        if span["kind"] == "link"
    ]
    assert all(len(link.partition("signature=")[2]) == 43 for link in links)
    assert len(links) == 2


async def test_a_part_of_the_original_can_be_asked_for(small: Any) -> None:
    bot, result = small
    path = bot.folder / "archive" / "outputs" / result["job_id"] / "0.png"
    headers = {"Range": "bytes=100-199", "Host": "dailies.example"}
    async with bot.session.get(bot.url + _link(result["text"]), headers=headers) as answer:
        assert answer.status == 206
        assert await answer.read() == path.read_bytes()[100:200]


async def test_a_link_that_was_changed_opens_nothing(small: Any) -> None:
    bot, result = small
    link = _link(result["text"])
    for forged in (
        link.replace("until=", "until=9"),
        link.replace("0.png", "0.json"),
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link.partition("?")[0],
        f"/files/../dailies.db?{link.partition('?')[2]}",
    ):
        async with bot.session.get(bot.url + forged) as answer:
            assert answer.status == 404, forged


async def test_only_signed_files_are_served_under_the_public_name(small: Any) -> None:
    bot, _ = small
    headers = {"Host": "dailies.example"}
    async with bot.session.get(bot.url + "/api/messages?member=ada", headers=headers) as answer:
        assert answer.status == 403
    # `dailies check` asks here: a proxy passes on no other path.
    async with bot.session.get(bot.url + "/files/", headers=headers) as answer:
        assert await answer.text() == ANSWER


async def test_without_a_public_address_an_admin_is_named(tmp_path: Path) -> None:
    async with bots(tmp_path) as start:
        bot = await start(playground=PlaygroundConfig(enabled=True, upload_mb=0.05))
        await bot.type("/imagine a fox")
        [result] = await bot.results(1)
        assert f"outputs/{result['job_id']}/0.png" in result["text"]
        assert "admin" in result["text"]
