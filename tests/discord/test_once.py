"""What comes twice happens once: clicks, reactions and events, also with a restart in between."""

import time
from collections.abc import Awaitable, Callable

import pytest

from tests.discord.asking import Asked
from tests.discord.clock import Clock
from tests.discord.gateway import IDENTIFY_SECONDS
from tests.discord.objects import ADA, BEN
from tests.discord.server import Discord

Stop = Callable[[], Awaitable[None]]
StartBot = Callable[..., Awaitable[Stop]]


async def _left(discord: Discord, who: str = ADA) -> str:
    asked = await discord.command("credits", who=who)
    await discord.until(lambda: "left" in asked.said)
    return asked.said.replace("*", "")


async def _again(discord: Discord, asked: Asked) -> None:
    """Discord sends an event that it has not seen answered; it knows nothing of a first answer."""
    asked.callback = asked.original = None
    asked.began = time.monotonic()
    await discord.gateway.dispatch("INTERACTION_CREATE", asked.event)
    await discord.until(lambda: asked.callback)


async def test_a_double_click_is_one_request(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.click(result, "retry")
    await discord.click(result, "retry")
    await discord.react(result, "🔁")
    await discord.until(lambda: len(discord.results()) == 2)
    assert "484 of 500" in await _left(discord)


async def test_an_event_that_comes_twice_is_answered_once(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.gateway.dispatch("INTERACTION_CREATE", asked.event)
    await discord.until(discord.results)
    assert "492 of 500" in await _left(discord)
    assert len(discord.cards()) == 1
    assert asked.followups == []


@pytest.fixture
async def restarted(
    discord: Discord, start_bot: StartBot, clock: Clock
) -> Callable[[Stop], Awaitable[None]]:
    """Stop a bot and start the next one on its database."""

    async def restart(stop: Stop) -> None:
        await stop()
        discord.gateway.sessions.clear()
        clock.skip(IDENTIFY_SECONDS)
        await start_bot(discord)

    return restart


async def test_a_click_and_a_reaction_are_one_request_across_a_restart(
    discord: Discord, start_bot: StartBot, restarted: Callable[[Stop], Awaitable[None]]
) -> None:
    stop = await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    clicked = await discord.click(result, "retry")
    await discord.react(result, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 3)
    await restarted(stop)
    await _again(discord, clicked)
    await discord.react(result, "🔁", BEN)  # live again, in the restart's 5 s: a new one
    await discord.until(lambda: len(discord.results()) == 4)
    assert "484 of 500" in await _left(discord)
    assert "484 of 500" in await _left(discord, BEN)
    assert len(discord.cards()) == 4


async def test_a_command_that_comes_again_after_a_restart_makes_nothing(
    discord: Discord, start_bot: StartBot, restarted: Callable[[Stop], Awaitable[None]]
) -> None:
    stop = await start_bot(discord)
    made = await discord.command("imagine", {"prompt": "a lighthouse"})
    granted = await discord.command("quota", {"who": BEN, "credits": "50"}, sub="grant")
    await discord.until(lambda: "50" in granted.said and discord.results())
    assert "550 of 550" in await _left(discord, BEN)
    await restarted(stop)
    await _again(discord, made)
    await _again(discord, granted)
    await discord.until(lambda: "50" in granted.said and made.deleted)
    assert "550 of 550" in await _left(discord, BEN)
    assert "492 of 500" in await _left(discord)
    assert len(discord.cards()) == 1
