"""Lost connections: resumed, begun anew, and what was missed meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.discord.objects import BEN, Object, snowflake
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def test_a_resumed_session_misses_nothing(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.gateway.drop(resumable=True)
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_reactions_during_a_lost_session_are_found_and_honoured_once(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    await discord.gateway.drop(resumable=False)
    await discord.react(result, "⬆️", BEN)
    await discord.until(lambda: len(discord.results()) == 3)
    assert discord.gateway.identifies == 2
    # The next new session reads everything again, and finds nothing that is new.
    before = discord.requests.count(_REACTED)
    await discord.gateway.drop(resumable=False)
    await discord.until(lambda: discord.requests.count(_REACTED) == before + 2)
    await discord.command("imagine", {"prompt": "another"})
    await discord.until(lambda: len(discord.results()) == 4)
    assert len(discord.cards()) == 4


_REACTED = ("GET", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}")


async def test_an_event_that_nobody_understands_costs_only_a_session(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.gateway.dispatch("MESSAGE_REACTION_ADD", {"what": "is this"})
    await discord.until(lambda: discord.gateway.identifies == 2)
    await discord.until(lambda: discord.gateway.session and discord.gateway.session.sequence > 1)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)


async def test_a_reaction_that_is_set_again_counts_anew(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    await asyncio.sleep(3.2)  # what Discord's people may do in less is one request
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 3)


async def test_only_what_is_needed_is_listened_to(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    guilds, reactions = 1 << 0, 1 << 10
    assert discord.gateway.intents == guilds | reactions


async def test_the_bots_own_and_other_bots_reactions_are_nothing(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    discord.users[discord.bot["id"]] = discord.bot
    await discord.react(result, "🔁", discord.bot["id"])
    stranger: Object = {**result, "id": snowflake(), "author": {"id": BEN}}
    await discord.react(stranger, "🔁", BEN)
    await discord.command("imagine", {"prompt": "another"})
    await discord.until(lambda: len(discord.results()) == 2)
    assert len(discord.cards()) == 2
