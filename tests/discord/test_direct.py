"""A job in a direct message, where its owner has tried again: its buttons know the server."""

from collections.abc import Awaitable, Callable

from tests.discord.objects import ADA, CHANNEL, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
DIRECT = f"9{ADA[1:]}"


async def told_directly(discord: Discord) -> Object:
    """What the owner is told whose channel has gone meanwhile; later ones are gone, too."""
    gone = rf"/channels/{CHANNEL}/messages$"
    discord.fault("POST", gone, status=404, code=10003, times=99)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    told: Object = (await discord.until(lambda: discord.direct(ADA)))[0]
    return told


def results(discord: Discord) -> list[Object]:
    return [each for each in discord.results(DIRECT) if each["attachments"]]


async def test_the_result_of_a_retry_in_a_direct_message_can_be_worked_with(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    await discord.click(await told_directly(discord), "retry")
    result = (await discord.until(lambda: results(discord)))[0]
    await discord.click(result, "upscale")
    await discord.until(lambda: len(results(discord)) == 2)
    asked = await discord.click(result, "remix")
    form = (await discord.until(lambda: asked.callback))["data"]
    assert form["components"][0]["component"]["value"] == "a lighthouse"
    await discord.submit(form, {"prompt": "a storm"}, [], place=DIRECT)
    await discord.until(lambda: len(results(discord)) == 3)
    assert "a storm" in say(results(discord)[2])


async def test_a_job_in_a_direct_message_is_cancelled_by_its_button(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, {"video_seconds": 600})
    await discord.click(await told_directly(discord), "retry")
    result = (await discord.until(lambda: results(discord)))[0]
    await discord.click(result, "animate")
    card = (await discord.until(lambda: discord.cards(DIRECT)[1:]))[0]
    await discord.click(card, "cancel")
    await discord.until(lambda: "Cancelled" in say(card))


async def test_a_dear_job_is_run_from_a_direct_message(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, confirm_above=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    question = (await discord.until(lambda: asked.followups))[0]
    discord.fault("POST", rf"/channels/{CHANNEL}/messages$", status=404, code=10003, times=99)
    await discord.click(question, "confirm")
    told = (await discord.until(lambda: discord.direct(ADA)))[0]
    pressed = await discord.click(told, "retry")
    question = (await discord.until(lambda: pressed.followups))[0]
    await discord.click(question, "confirm")
    assert await discord.until(lambda: discord.cards(DIRECT))


async def test_who_has_left_the_server_starts_nothing_there(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    told = await told_directly(discord)
    discord.left.add(ADA)
    pressed = await discord.click(told, "retry")
    await discord.until(lambda: "not in that server" in pressed.said)
    assert discord.cards(DIRECT) == []
