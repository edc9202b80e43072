"""Discord that refuses, breaks off, repeats itself and forgets."""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, FormData, web

from tests.discord import objects
from tests.discord.faults import Fault, Handler
from tests.discord.objects import BEN, Object
from tests.discord.server import MIB, Discord

StartBot = Callable[..., Awaitable[None]]
OpenDiscord = Callable[..., Awaitable[Discord]]
POSTED = r"/channels/\d+/messages$"


@pytest.mark.parametrize(
    "fault",
    [
        *({"status": 503}, {"status": 429}, {"status": 429, "via": True}, {"reset": True}),
        {"status": 401},
    ],
    ids=["503", "429", "429-via", "reset-after-commit", "token-refused"],
)
async def test_a_result_arrives_once_whatever_happens_to_its_upload(
    discord: Discord, start_bot: StartBot, fault: dict[str, object], say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    broken = discord.fault("POST", POSTED, **fault)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: discord.cards() and "Done" in say(discord.cards()[0]))
    assert broken.hits == 1
    assert len(discord.results()) == 1
    assert discord.results()[0]["attachments"]


async def test_only_before_a_second_try_the_first_one_is_looked_for(
    discord: Discord, start_bot: StartBot
) -> None:
    looked = ("GET", "/channels/{channel_id}/messages")
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    assert looked not in discord.requests
    discord.fault("POST", POSTED, status=401)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: len(discord.results()) == 2)
    assert looked in discord.requests


async def test_a_file_that_is_refused_for_its_size_leaves_its_text(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    discord.fault("POST", POSTED, status=413, code=40005, times=9, over=4000)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    assert result["attachments"] == []
    assert "An admin finds the original in the archive: `outputs/" in say(result)
    assert "your image is ready" in say(result)
    assert result["components"]


async def test_a_size_that_is_refused_once_becomes_a_picture_with_a_link(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, public_url="https://dailies.example")
    refused = discord.fault("POST", POSTED, status=413)  # a proxy before Discord gives no code
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    assert refused.hits == 1
    assert len(result["attachments"]) == 1
    assert "this is a picture of it. [Original](<https://dailies.example/" in say(result)
    assert await discord.until(lambda: "Done" in say(discord.cards()[0]))


async def test_a_boosted_server_takes_larger_files(
    open_discord: OpenDiscord, start_bot: StartBot
) -> None:
    boosted = await open_discord(tier=2)
    await start_bot(boosted, upload_limit_mb=1)
    await boosted.command("imagine", {"prompt": "a lighthouse"})
    await boosted.until(boosted.results)
    assert boosted.results()[0]["attachments"]


async def test_a_slow_line_has_the_time_for_the_largest_file(
    discord: Discord, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[ClientTimeout] = []
    request = ClientSession.request

    def noted(session: ClientSession, method: str, url: str, **options: Any) -> Any:
        if isinstance(options.get("data"), FormData) and re.search(POSTED, url):
            given.append(options.get("timeout") or session.timeout)
        return request(session, method, url, **options)

    monkeypatch.setattr(ClientSession, "request", noted)
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    (upload,) = given
    half_a_megabit, largest = 500_000 / 8, 100 * MIB
    assert upload.total
    assert largest / upload.total < half_a_megabit
    assert upload.sock_read  # the answer, once all is sent, is not waited for as long


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 502, "done": True}])
async def test_an_acknowledgement_whose_answer_is_lost_counts(
    discord: Discord, start_bot: StartBot, fault: dict[str, object]
) -> None:
    await start_bot(discord)
    discord.fault("POST", r"/callback$", **fault)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    assert asked.followups == []
    assert len(discord.cards()) == 1


async def test_a_card_whose_answers_are_lost_is_found_and_not_posted_again(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    original = r"/messages/@original$"
    edited = discord.fault("PATCH", original, reset=True, times=3)
    discord.fault("DELETE", original, status=503, times=9)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    assert edited.hits == 3
    assert discord.cards() == [asked.original]


async def test_a_token_that_has_run_out_does_not_stop_the_job(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    asked.expired = True
    await discord.until(discord.results)
    assert len(discord.cards()) == 1


async def test_an_interaction_that_is_too_old_makes_nothing(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "old"})
    asked.began -= 10
    later = await discord.command("imagine", {"prompt": "new"})
    await discord.until(discord.results)
    assert asked.callback is None
    assert len(discord.cards()) == 1
    assert later.callback == {"type": 5}


async def test_a_refused_reaction_is_told_directly_or_not_at_all(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, credits=8)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.react(result, "⬆", BEN)
    direct = (await discord.until(lambda: discord.direct(BEN)))[0]
    assert "Not enough credits" in say(direct)
    discord.fault("POST", r"/users/@me/channels$", status=403, code=50007)
    await discord.react(result, "🎬", BEN)
    await discord.command("imagine", {"prompt": "another"}, who=BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    assert len(discord.in_channel()) == 4


async def test_a_channel_that_is_gone_leaves_the_file_in_the_archive(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    discord.fault("POST", POSTED, status=404, code=10003)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    told = await discord.until(lambda: discord.direct("4000000000000000001"))
    assert "could not be posted" in say(told[0])


async def test_a_failure_is_told_directly_where_the_channel_is_gone(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    gone = discord.fault("POST", POSTED, status=404, code=10003)
    await discord.command("imagine", {"prompt": "a lighthouse !internal"})
    (told,) = await discord.until(lambda: discord.direct("4000000000000000001"))
    assert gone.hits == 1
    assert "It cost nothing" in say(told)


@dataclass
class Rival(Fault):
    """Another replica that posts the same card, and notes its own before the bot hears of its own."""

    discord: Discord | None = None
    database: Path = Path()
    card: str = ""

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.times -= 1
        answer = await handler(request)
        assert self.discord is not None
        theirs = {**self.discord.cards()[-1], "id": objects.snowflake()}
        self.card = self.discord.messages.setdefault(theirs["id"], theirs)["id"]
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            reference = f"{theirs['channel_id']}/{theirs['id']}"
            connection.execute("UPDATE jobs SET card = ?", [reference])
        return answer


async def test_the_second_card_of_a_job_is_deleted(
    discord: Discord, start_bot: StartBot, known_folder: Path, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    rival = Rival("PATCH", "/@original$", discord=discord, database=known_folder / "dailies.db")
    discord.faults.append(rival)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: rival.card and [c["id"] for c in discord.cards()] == [rival.card])
    await discord.until(lambda: "Done" in say(discord.cards()[0]))
    assert len(discord.results()) == 1
