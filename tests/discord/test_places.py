"""Threads and forum posts: a job is shown where it was asked for, if we may write there."""

from collections.abc import Awaitable, Callable

import pytest

from tests.discord.objects import BEN, CHANNEL, POST, SEND, SEND_IN_THREADS, THREAD, USUAL, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


@pytest.mark.parametrize("place", [THREAD, POST], ids=["thread", "forum-post"])
async def test_a_job_stays_in_its_thread(
    discord: Discord, start_bot: StartBot, place: str, say: Callable[[Object], str]
) -> None:
    # Threads do not ask for the right to send in their channel.
    discord.own_permissions = USUAL & ~SEND
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"}, channel=place)
    result = (await discord.until(lambda: discord.results(place)))[0]
    card = discord.cards(place)[0]
    assert result["message_reference"]["message_id"] == card["id"]
    assert result["attachments"]
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results(place)) == 2)
    await discord.until(lambda: "Done" in say(discord.cards(place)[1]))
    assert discord.in_channel(CHANNEL) == []


@pytest.mark.parametrize("place", [THREAD, POST], ids=["thread", "forum-post"])
async def test_a_thread_wants_its_own_permission_to_send(
    discord: Discord, start_bot: StartBot, place: str
) -> None:
    discord.own_permissions = USUAL & ~SEND_IN_THREADS
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, channel=place)
    await discord.until(lambda: asked.callback)
    assert "Send Messages in Threads" in asked.said
    assert not asked.is_public
    assert discord.in_channel(place) == []
    elsewhere = await discord.command("imagine", {"prompt": "a lighthouse"}, channel=CHANNEL)
    await discord.until(lambda: elsewhere.callback == {"type": 5})


async def test_a_thread_that_the_gateway_never_told_of_is_one_all_the_same(
    discord: Discord, start_bot: StartBot
) -> None:
    # A private or archived thread: only the interaction says what it is.
    for guild in discord.gateway.guilds:
        guild["threads"] = []
    discord.own_permissions = USUAL & ~SEND_IN_THREADS
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, channel=THREAD)
    await discord.until(lambda: asked.callback)
    assert "Send Messages in Threads" in asked.said


async def test_a_kind_of_channel_that_nobody_knows_yet_is_refused(
    discord: Discord, start_bot: StartBot
) -> None:
    discord.channels["77"] = {**discord.channels[CHANNEL], "id": "77", "type": 99}
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, channel="77")
    await discord.until(lambda: asked.callback)
    assert "kind of channel" in asked.said


@pytest.mark.parametrize(("code", "name"), [(50083, "archived"), (160005, "locked")])
async def test_a_thread_that_was_closed_meanwhile_leaves_the_file_in_the_archive(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str], code: int, name: str
) -> None:
    await start_bot(discord)
    discord.fault("POST", r"/channels/\d+/messages$", status=400, code=code)
    await discord.command("imagine", {"prompt": "a lighthouse"}, channel=THREAD)
    told = await discord.until(lambda: discord.direct("4000000000000000001"))
    assert "could not be posted" in say(told[0]), name


async def test_what_was_allowed_and_is_no_more_is_told_directly(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    # A reaction says nothing of our rights: the server's roles do.
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    everybody = discord.gateway.guilds[0]["roles"][0]
    changed = {**everybody, "permissions": str(USUAL & ~SEND)}
    guild = discord.gateway.guilds[0]["id"]
    await discord.gateway.dispatch("GUILD_ROLE_UPDATE", {"guild_id": guild, "role": changed})
    await discord.react(result, "🔁", BEN)
    told = await discord.until(lambda: discord.direct(BEN))
    assert "Send Messages" in say(told[0])
    assert len(discord.cards()) == 1
