"""Lost connections: resumed, begun anew, and what was missed meanwhile."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from discord.gateway import KeepAliveHandler

from adapters.discord.reactions import REREAD_PAUSES_SECONDS
from tests.discord.clock import Clock
from tests.discord.gateway import IDENTIFY_SECONDS
from tests.discord.objects import BEN, Object, snowflake
from tests.discord.server import Discord

Stop = Callable[[], Awaitable[None]]
StartBot = Callable[..., Awaitable[Stop]]
_REACTED = ("GET", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}")


async def _result(discord: Discord) -> Object:
    """A first picture."""
    await discord.command("imagine", {"prompt": "a lighthouse"})
    found: list[Object] = await discord.until(discord.results)
    return found[0]


async def _new_session(discord: Discord, number: int) -> None:
    """Wait until the bot has a new session, the `number`th that it asked for."""
    gateway = discord.gateway
    await discord.until(lambda: gateway.identifies == number and gateway.is_listened_to())


async def test_a_resumed_session_misses_nothing(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    result = await _result(discord)
    await discord.gateway.drop(resumable=True)
    await discord.react(result, "🔁", BEN, gone=True)
    await discord.until(lambda: len(discord.results()) == 2)
    assert (discord.gateway.identifies, discord.gateway.resumes) == (1, 1)


async def test_a_session_is_resumed_when_discord_asks_for_it_or_says_that_it_can_be(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.gateway.ask_to_reconnect()
    await discord.until(lambda: discord.gateway.resumes == 1)
    await discord.gateway.invalidate(resumable=True)
    await discord.until(lambda: discord.gateway.resumes == 2)
    await _answers(discord)
    assert discord.gateway.identifies == 1


async def test_a_session_that_is_no_good_any_more_is_begun_anew(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.invalidate(resumable=False)
    await _new_session(discord, 2)
    await _answers(discord)
    assert (discord.gateway.resumes, discord.gateway.too_early) == (0, 0)


async def test_a_first_session_that_is_refused_is_asked_for_again_in_time(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    # As after a restart, when another program has the token, or in a bad hour of Discord.
    gateway = discord.gateway
    gateway.invalid = [False, True]
    await start_bot(discord, listening=False)
    for number in (1, 2):
        await clock.somebody_sleeps(IDENTIFY_SECONDS - 2, IDENTIFY_SECONDS)
        assert gateway.identifies == number
        clock.skip(IDENTIFY_SECONDS)
    await _new_session(discord, 3)
    assert gateway.too_early == 0
    await _answers(discord)


async def test_the_bot_ends_also_while_it_waits_for_a_session(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    stop = await start_bot(discord)
    await discord.gateway.invalidate(resumable=False)
    await clock.somebody_sleeps(IDENTIFY_SECONDS - 2, IDENTIFY_SECONDS)
    async with asyncio.timeout(20):
        await stop()
    assert discord.gateway.identifies == 1
    beating = [one for one in threading.enumerate() if isinstance(one, KeepAliveHandler)]
    for thread in beating:
        await asyncio.to_thread(thread.join, 10)
    assert not any(thread.is_alive() for thread in beating)


async def test_a_first_connection_that_fails_costs_no_session(
    discord: Discord, start_bot: StartBot
) -> None:
    gateway = discord.gateway
    gateway.hold = True
    await start_bot(discord, listening=False)
    await discord.until(lambda: gateway.turned_away)
    assert gateway.identifies == 0
    gateway.hold = False
    await discord.until(lambda: gateway.session)  # discord.py tries again after 5 s
    assert gateway.identifies == 1


async def test_a_login_that_breaks_off_is_tried_again_after_a_pause(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    broken = discord.fault("GET", r"/users/@me$", status=503, times=3)
    starting = asyncio.create_task(start_bot(discord))
    for pause in (1.0, 2.0, 4.0):
        await clock.somebody_sleeps(pause, 1.26 * pause)  # a part of it is chance
        clock.skip(1.25 * pause)
    await starting
    assert broken.hits == 3
    assert discord.gateway.identifies == 1


async def test_a_day_whose_sessions_are_used_up_is_waited_out(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    discord.gateway.remaining, discord.gateway.reset_after = 20, 3_600_000
    await start_bot(discord, listening=False)
    await discord.until(lambda: discord.commands)  # asking and answering go on
    await clock.somebody_sleeps(3599, 3601)
    assert discord.gateway.identifies == 0
    discord.gateway.remaining = 1000
    clock.skip(3600)
    await discord.until(lambda: discord.gateway.session)


async def test_reactions_during_a_lost_session_are_found_and_honoured_once(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord)
    result = await _result(discord)
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.drop(resumable=False)
    await discord.react(result, "⬆️", BEN)
    troubled = discord.fault("GET", r"/channels/\d+/messages/\d+$", status=503, times=2)
    await _new_session(discord, 2)
    await discord.until(lambda: troubled.hits == 2)
    clock.skip(REREAD_PAUSES_SECONDS[1])
    await discord.until(lambda: len(discord.results()) == 3)
    # The next new session reads everything again, and finds nothing that is new.
    before = discord.requests.count(_REACTED)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.drop(resumable=False)
    await _new_session(discord, 3)
    await discord.until(lambda: discord.requests.count(_REACTED) == before + 2)
    await _answers(discord)
    assert len(discord.cards()) == 3


async def test_super_reactions_during_a_lost_session_are_found_beside_others(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord)
    result = await _result(discord)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.drop(resumable=False)
    await discord.react(result, "🔁")
    await discord.react(result, "🔁", BEN, burst=True)
    await discord.react(result, "⬆️", BEN, burst=True)
    await _new_session(discord, 2)
    await discord.until(lambda: len(discord.results()) == 4)
    assert len(discord.cards()) == 4
    assert discord.requests.count(_REACTED) == 3  # no kind is asked for that nobody has set


async def test_what_is_found_of_somebody_who_has_left_is_nothing(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    """Discord keeps the reactions of whoever has left, or was banned."""
    await start_bot(discord)
    result = await _result(discord)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.drop(resumable=False)
    await discord.react(result, "🔁", BEN)
    await discord.react(result, "⬆️")
    discord.left.add(BEN)
    await _new_session(discord, 2)
    await discord.until(lambda: len(discord.results()) == 2)
    assert len(discord.cards()) == 2
    assert BEN not in str(discord.cards())


async def test_an_event_that_nobody_understands_costs_only_a_session(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord)
    clock.skip(IDENTIFY_SECONDS)
    await discord.gateway.dispatch("MESSAGE_REACTION_ADD", {"what": "is this"})
    await _new_session(discord, 2)
    await _answers(discord)


async def test_what_nobody_knows_yet_is_passed_over(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    await discord.gateway.dispatch("SOMETHING_NEW", {"guild_id": "1", "what": ["is", "this"]})
    asked = await discord.command("help", extra={"invented": {"in": 2031}})
    await discord.until(lambda: "What you can do here" in asked.said)
    assert discord.gateway.identifies == 1


async def test_a_reaction_that_is_set_again_counts_anew(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> None:
    await start_bot(discord)
    result = await _result(discord)
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    clock.skip(3.2)  # what people do in less is one request
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
    result = await _result(discord)
    discord.users[discord.bot["id"]] = discord.bot
    await discord.react(result, "🔁", discord.bot["id"])
    stranger: Object = {**result, "id": snowflake(), "author": {"id": BEN}}
    await discord.react(stranger, "🔁", BEN)
    await _answers(discord)
    assert len(discord.cards()) == 1


async def _answers(discord: Discord) -> None:
    asked = await discord.command("help")
    await discord.until(lambda: "What you can do here" in asked.said)


async def test_a_reaction_that_comes_while_the_bot_is_being_stopped_is_found_by_the_next(
    discord: Discord, start_bot: StartBot, clock: Clock, say: Callable[[Object], str]
) -> None:
    """The stop waits for an upload; what is set meanwhile is refused, and nothing is done with it."""
    stop = await start_bot(discord)
    result = await _result(discord)
    released = asyncio.Event()
    upload = discord.fault("POST", r"/messages$", until=released)
    await discord.command("imagine", {"prompt": "another"})
    await discord.until(lambda: upload.hits)
    stopping = asyncio.create_task(stop())
    await discord.react(result, "🔁", BEN)
    direct = (await discord.until(lambda: discord.direct(BEN)))[0]
    assert "I am being restarted" in say(direct)
    released.set()
    await stopping
    discord.gateway.sessions.clear()
    clock.skip(IDENTIFY_SECONDS)
    await start_bot(discord)
    await discord.until(lambda: len(discord.results()) == 3)
