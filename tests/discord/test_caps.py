"""A channel's cap holds in its threads, and in a forum's posts."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.discord.objects import BEN, CHANNEL, POST, THREAD, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def cap(discord: Discord, credits: str, place: str) -> None:
    asked = await discord.command("quota", {"credits": credits}, sub="channel", channel=place)
    await discord.until(lambda: "credits" in asked.said)


def channels_of_jobs(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT channel FROM jobs ORDER BY seq")
        return [channel for (channel,) in rows]


async def test_a_cap_counts_what_is_made_in_a_thread(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    await cap(discord, "10", CHANNEL)
    await discord.command("imagine", {"prompt": "a fox"}, channel=THREAD)
    result = (await discord.until(lambda: discord.results(THREAD)))[0]
    for place in (CHANNEL, THREAD):
        asked = await discord.command("imagine", {"prompt": "a fox"}, channel=place)
        await discord.until(lambda asked=asked: asked.followups)
        assert "this channel" in asked.said
    pressed = await discord.click(result, "retry", BEN)
    await discord.until(lambda: "this channel" in pressed.said)
    elsewhere = await discord.command("imagine", {"prompt": "a fox"}, channel=POST)
    await discord.until(lambda: discord.results(POST))
    assert elsewhere.followups == []


async def test_a_cap_that_is_set_in_a_post_is_that_of_its_forum(
    discord: Discord, start_bot: StartBot
) -> None:
    other = {**discord.channels[POST], "id": "3000000000000000009"}
    discord.channels[other["id"]] = other
    await start_bot(discord)
    await cap(discord, "3", POST)
    asked = await discord.command("imagine", {"prompt": "a fox"}, channel=other["id"])
    await discord.until(lambda: asked.followups)
    assert "this channel" in asked.said


@pytest.mark.parametrize("known", [True, False], ids=["known-thread", "private-thread"])
async def test_a_reaction_in_a_thread_counts_for_its_channel(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str], known: bool
) -> None:
    if not known:
        for guild in discord.gateway.guilds:
            guild["threads"] = []
    await start_bot(discord)
    await cap(discord, "10", CHANNEL)
    await discord.command("imagine", {"prompt": "a fox"}, channel=THREAD)
    result = (await discord.until(lambda: discord.results(THREAD)))[0]
    await discord.react(result, "🔁", BEN)
    told = await discord.until(lambda: discord.direct(BEN))
    assert "this channel" in say(told[0])


async def test_a_job_of_before_goes_on_in_its_thread(
    discord: Discord, start_bot: StartBot, known_folder: Path
) -> None:
    # It has the thread's id alone, and of a private thread nobody else tells the channel.
    for guild in discord.gateway.guilds:
        guild["threads"] = []
    await start_bot(discord)
    database = known_folder / "dailies.db"
    await discord.command("imagine", {"prompt": "a fox"}, channel=THREAD)
    result = (await discord.until(lambda: discord.results(THREAD)))[0]
    assert channels_of_jobs(database) == [f"{CHANNEL}/{THREAD}"]
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE jobs SET channel = ?", [THREAD])
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results(THREAD)) == 2)
    assert channels_of_jobs(database) == [THREAD, THREAD]
    await discord.click(discord.results(THREAD)[1], "retry", BEN)
    await discord.until(lambda: len(discord.results(THREAD)) == 3)
    assert channels_of_jobs(database) == [THREAD, THREAD, f"{CHANNEL}/{THREAD}"]
