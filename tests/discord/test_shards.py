"""Several shards, in one process and in several."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.discord.identify import Pace, Sessions
from storage.engines.opening import open_database
from storage.events import SqlEventLog
from tests.discord.clock import Clock
from tests.discord.gateway import IDENTIFY_SECONDS
from tests.discord.objects import ADA, BEN, CHANNEL, FAR, GUILD, OTHER_GUILD
from tests.discord.server import Discord

Stop = Callable[[], Awaitable[None]]
StartBot = Callable[..., Awaitable[Stop]]


@pytest.fixture
def discord(discord: Discord) -> Discord:
    """A Discord that advises two shards; each has one of the servers."""
    discord.gateway.shards = 2
    assert [(int(guild) >> 22) % 2 for guild in (OTHER_GUILD, GUILD)] == [0, 1]
    return discord


async def _answers_everywhere(discord: Discord) -> None:
    for channel in (CHANNEL, FAR):
        asked = await discord.command("help", channel=channel)
        await discord.until(lambda asked=asked: "What you can do here" in asked.said)


async def test_as_many_shards_as_discord_advises_begin_one_after_the_other(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    gateway = discord.gateway
    await start_bot(discord)
    await clock.somebody_sleeps(0.49, 0.51)  # the second looks whether it may
    assert gateway.identified == [(0, 2)]
    clock.skip(IDENTIFY_SECONDS)
    await discord.until(lambda: 1 in gateway.sessions)
    assert (gateway.identified, gateway.too_early) == ([(0, 2), (1, 2)], 0)
    await _answers_everywhere(discord)


async def test_shards_begin_together_where_discord_allows_it(
    discord: Discord, start_bot: StartBot
) -> None:
    discord.gateway.max_concurrency = 2
    await start_bot(discord)
    await discord.until(lambda: len(discord.gateway.sessions) == 2)
    assert discord.gateway.too_early == 0
    await _answers_everywhere(discord)


async def test_one_shard_that_is_lost_leaves_the_other_alone(
    discord: Discord, start_bot: StartBot
) -> None:
    discord.gateway.max_concurrency = 2
    await start_bot(discord)
    await discord.until(lambda: len(discord.gateway.sessions) == 2)
    await discord.gateway.drop(resumable=True, shard=0)
    asked = await discord.command("help", channel=CHANNEL)
    await discord.until(lambda: "What you can do here" in asked.said)
    await discord.until(discord.gateway.is_listened_to)
    await _answers_everywhere(discord)


async def test_two_processes_share_the_shards_and_one_writes_the_commands(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord, shard_count=2, shard_ids=(0,), folder="first")
    await discord.until(lambda: 0 in discord.gateway.sessions)
    clock.skip(IDENTIFY_SECONDS)
    await start_bot(discord, shard_count=2, shard_ids=(1,), folder="second")
    await discord.until(lambda: 1 in discord.gateway.sessions)
    assert discord.gateway.identified == [(0, 2), (1, 2)]
    await _answers_everywhere(discord)
    assert discord.command_writes == 1


async def test_a_server_of_another_shard_is_asked_for_what_it_is(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    # The button in a direct message says which server it is about; that one is not ours.
    await start_bot(discord, shard_count=2, shard_ids=(0,), credits=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, channel=FAR)
    await discord.until(lambda: asked.followups)
    assert "Not enough credits" in asked.said
    elsewhere = f"dailies:approve:0000000000:{GUILD}"
    private = await discord.direct_message(ADA)
    pressed = await discord.press(private, elsewhere, ADA)
    # An owner is an admin, so it is the draft that is missing and not the right.
    await discord.until(lambda: "There is no job" in pressed.said)


async def test_what_one_server_asks_its_admins_is_not_put_into_another(
    discord: Discord, start_bot: StartBot
) -> None:
    # Whose the configured channel is, the gateway tells another process.
    await start_bot(discord, shard_count=2, shard_ids=(0,), credits=3, alert_channel=int(CHANNEL))
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, who=BEN, channel=FAR)
    await discord.until(lambda: asked.followups)
    await discord.click(asked.followups[0], "ask", BEN)
    await discord.until(lambda: discord.direct(ADA) or discord.in_channel(CHANNEL))
    assert discord.in_channel(CHANNEL) == []


async def test_processes_on_one_database_let_each_other_identify(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/dailies.db")
    book, clock = SqlEventLog(database), Clock()
    first, second = Pace(clock, book), Pace(clock, book)
    await first.turn(0, 4, Sessions(max_concurrency=2))
    await second.turn(1, 4, Sessions(max_concurrency=2))
    waiting = asyncio.create_task(second.turn(2, 4, Sessions(max_concurrency=2)))
    began = clock.monotonic()
    for _ in range(9):
        await clock.somebody_sleeps(0.49, 0.51)
        assert not waiting.done()
        clock.skip(0.5)
    clock.skip(1)
    await waiting
    assert clock.monotonic() - began >= IDENTIFY_SECONDS
    await database.close()


async def test_what_is_claimed_is_free_again_after_its_window(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/dailies.db")
    book, now, window = (
        SqlEventLog(database),
        datetime(2026, 1, 1, tzinfo=UTC),
        timedelta(seconds=5),
    )
    assert await book.claim("a", window, now)
    assert not await book.claim("a", window, now + timedelta(seconds=4))
    assert await book.claim("b", window, now)
    assert await book.claim("a", window, now + timedelta(seconds=6))
    await database.close()
