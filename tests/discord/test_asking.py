"""Asking an admin in Discord: wherever they can be told, and again where nobody could be."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.discord.objects import ADA, BEN, CHANNEL, THREAD, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
UPDATES = "70000000000000777"


async def refused(discord: Discord) -> Object:
    """The refusal of a job that Ben cannot pay, with the button to ask."""
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, who=BEN)
    await discord.until(lambda: asked.followups)
    return asked.followups[0]


async def test_the_owner_is_asked_where_no_channel_can_be_used(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    discord.channels[UPDATES] = {**discord.channels[CHANNEL], "id": UPDATES, "name": "moderators"}
    discord.gateway.guilds[0]["channels"].append(discord.channels[UPDATES])
    discord.gateway.guilds[0]["public_updates_channel_id"] = UPDATES
    discord.unseen |= {UPDATES, THREAD}
    await start_bot(discord, credits=3, alert_channel=int(THREAD))
    await discord.click(await refused(discord), "ask", BEN)
    alert = (await discord.until(lambda: discord.direct(ADA)))[0]
    assert "asks for an image that goes beyond the credits left" in say(alert)
    await discord.click(alert, "approve", ADA)
    await discord.until(discord.results)


async def test_who_could_not_ask_is_told_so_and_asks_again(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3, alert_channel=int(THREAD))
    alerts = f"/channels/({THREAD}|9{ADA[1:]})/messages$"
    closed = discord.fault("POST", alerts, status=403, code=50007, times=2)
    refusal = await refused(discord)
    first = await discord.click(refusal, "ask", BEN)
    await discord.until(lambda: "nobody has been asked" in first.said)
    assert closed.hits == 2
    await discord.click(refusal, "ask", BEN)
    (alert,) = await discord.until(lambda: discord.in_channel(THREAD))
    await discord.click(alert, "approve", ADA)
    await discord.until(discord.results)


async def test_admins_see_their_decision_also_where_its_owner_takes_no_messages(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, credits=3, alert_channel=int(THREAD))
    await discord.click(await refused(discord), "ask", BEN)
    (alert,) = await discord.until(lambda: discord.in_channel(THREAD))
    direct = f"/channels/9{BEN[1:]}/messages$"
    closed = discord.fault("POST", direct, status=403, code=50007, times=9)
    await discord.click(alert, "deny", ADA)
    await discord.until(lambda: "could not tell" in say(alert))
    assert closed.hits == 1
    assert f"<@{ADA}> said no" in say(alert)
    assert f"<@{BEN}> myself; please pass it on" in say(alert)
    assert alert["components"] == []


async def test_a_double_click_that_is_refused_is_one_question(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=10)
    await discord.command("imagine", {"prompt": "a lighthouse"}, who=BEN)
    result = (await discord.until(discord.results))[0]
    clicks = await asyncio.gather(*(discord.click(result, "retry", BEN) for _ in range(2)))
    await discord.until(lambda: all(click.followups for click in clicks))
    first, second = (click.followups[0]["components"] for click in clicks)
    assert "ask" in str(first)
    assert first == second
