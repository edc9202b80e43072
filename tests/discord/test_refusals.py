"""Whatever cannot be done is said privately; nothing of it stays in the channel, nothing is made."""

from collections.abc import Awaitable, Callable

import pytest

from tests.discord.asking import EPHEMERAL, Asked
from tests.discord.objects import (
    ADA,
    ATTACH,
    BEN,
    EMBED,
    HISTORY,
    ROLE,
    THREAD,
    USUAL,
    VIEW,
    Object,
)
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def _refused_at_once(discord: Discord, asked: Asked) -> str:
    """The words of a refusal that was the first response."""
    await discord.until(lambda: asked.callback)
    callback = asked.callback or {}
    assert (callback["type"], callback["data"]["flags"]) == (4, EPHEMERAL)
    assert discord.in_channel(asked.channel) == []
    return asked.said


async def test_a_prompt_that_is_too_long_is_refused_before_anything_is_shown(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "x" * 1500})
    assert "takes 1000" in await _refused_at_once(discord, asked)


async def test_a_value_that_was_never_offered_is_refused_at_once(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "x", "ratio": "7:5"})
    assert "is not a ratio" in await _refused_at_once(discord, asked)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [("a fox --speed 9", "There is no option"), ("a fox --ratio 16:9", "is there twice")],
)
async def test_an_option_in_a_prompt_that_cannot_be_is_refused_at_once(
    discord: Discord, start_bot: StartBot, prompt: str, says: str
) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": prompt, "ratio": "1:1"})
    assert says in await _refused_at_once(discord, asked)


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        (ATTACH, "Attach Files"),
        (EMBED, "Embed Links"),
        (HISTORY, "Read Message History"),
        (VIEW, "View Channel"),
    ],
)
async def test_a_permission_that_the_bot_lacks_is_named_before_anything_is_held(
    discord: Discord, start_bot: StartBot, missing: int, name: str
) -> None:
    discord.own_permissions = USUAL & ~missing
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    assert name in await _refused_at_once(discord, asked)
    left = await discord.command("credits")
    await discord.until(lambda: "500 of 500" in left.said.replace("*", ""))


async def test_a_file_of_another_kind_is_refused_before_it_is_fetched(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    note = discord.attach("note.txt", b"words", "text/plain")
    asked = await discord.command("animate", {"image": note})
    assert "not an image or a video" in await _refused_at_once(discord, asked)
    assert ("GET", "/cdn/{key}/{name}") not in discord.requests


async def test_a_refusal_that_comes_later_takes_the_placeholder_away(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: asked.followups)
    assert asked.callback == {"type": 5}
    assert asked.deleted
    assert "Not enough credits" in asked.said
    assert discord.in_channel() == []


async def test_a_broken_picture_is_refused_privately(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    broken = discord.attach("photo.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")
    asked = await discord.command("animate", {"image": broken})
    await discord.until(lambda: asked.followups)
    assert "cannot be opened" in asked.said
    assert discord.in_channel() == []


async def test_a_file_from_a_foreign_host_is_never_fetched(
    discord: Discord, start_bot: StartBot, picture: Callable[..., Object]
) -> None:
    await start_bot(discord)
    foreign = {**picture(), "url": "http://192.0.2.7/photo.png"}
    asked = await discord.command("animate", {"image": foreign})
    await discord.until(lambda: asked.followups)
    assert "could not be fetched" in asked.said


async def test_a_dear_job_is_confirmed_privately_and_then_runs(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, confirm_above=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: asked.followups)
    assert "Run it?" in asked.said
    assert discord.in_channel() == []
    pressed = await discord.click(asked.followups[0], "confirm")
    await discord.until(discord.results)
    assert pressed.callback == {"type": 6}
    assert asked.followups[0]["components"] == []


async def test_an_admin_pays_for_who_has_run_out(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, credits=3, alert_channel=int(THREAD))
    asked = await discord.command("imagine", {"prompt": "a lighthouse"}, who=BEN)
    await discord.until(lambda: asked.followups)
    await discord.click(asked.followups[0], "ask", BEN)
    alert = (await discord.until(lambda: discord.in_channel(THREAD)))[0]
    refused = await discord.click(alert, "approve", BEN)
    await discord.until(lambda: "Only admins" in refused.said)
    await discord.click(alert, "approve", ADA)
    await discord.until(discord.results)
    await discord.until(lambda: "approved" in say(alert))
    assert alert["components"] == []
    await discord.until(lambda: any("approved" in say(m) for m in discord.direct(BEN)))


async def test_quotas_are_for_admins_whatever_discord_lets_through(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    options = {"who": BEN, "credits": "50"}
    refused = await discord.command("quota", options, sub="set", who=BEN)
    await discord.until(lambda: "Only admins" in refused.said)
    asked = await discord.command("quota", options, sub="set", who=ADA)
    await discord.until(lambda: "may now use 50 credits a month" in asked.said)
    left = await discord.command("credits", who=BEN)
    await discord.until(lambda: "50 of 50" in left.said.replace("*", ""))


@pytest.mark.parametrize("named", [BEN, ROLE])
async def test_members_and_roles_can_be_named_as_admins(
    discord: Discord, start_bot: StartBot, named: str
) -> None:
    """Ben has the role, and does not manage the server; he decides by command and by reaction."""
    await start_bot(discord, {"image_seconds": 600}, admins=(int(named),))
    asked = await discord.command("quota", {"who": BEN, "credits": "50"}, sub="set", who=BEN)
    await discord.until(lambda: "may now use 50 credits a month" in asked.said)
    await discord.command("imagine", {"prompt": "a lighthouse"}, who=ADA)
    card = (await discord.until(discord.cards))[0]
    await discord.react(card, "❌", BEN)
    await discord.until(lambda: "Cancel" in str(discord.cards()[0]["embeds"]))


async def test_a_role_and_everybody_have_their_quotas(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    role = {"who": "5000000000000000001", "credits": "70", "period": "day"}
    asked = await discord.command("quota", role, sub="set")
    await discord.until(lambda: "70 credits a day" in asked.said)
    left = await discord.command("credits", who=BEN)
    await discord.until(lambda: "70 of 70" in left.said.replace("*", ""))
    everybody = {"target": "default", "credits": "90"}
    asked = await discord.command("quota", everybody, sub="set")
    await discord.until(lambda: "Every member may now use 90" in asked.said)
    left = await discord.command("credits")
    await discord.until(lambda: "90 of 90" in left.said.replace("*", ""))


async def test_a_quota_for_nobody_says_who_is_missing(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    asked = await discord.command("quota", {"credits": "90"}, sub="set")
    await discord.until(lambda: "Something is missing: `who`" in asked.said)
