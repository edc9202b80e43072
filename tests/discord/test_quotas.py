"""`/quota …` in Discord: private files, a channel for alerts, a role that is gone."""

import csv
import io
from collections.abc import Awaitable, Callable

from PIL import Image

from tests.discord.objects import ADA, BEN, CHANNEL, ROLE, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def quota(discord: Discord, sub: str, **options: object) -> str:
    """What the admin is told."""
    asked = await discord.command("quota", options, sub=sub)
    await discord.until(lambda: asked.said)
    return asked.said


async def test_a_report_is_shown_to_the_admin_alone(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    asked = await discord.command("imagine", {"prompt": "a fox"}, who=BEN)
    await discord.until(lambda: [m for m in discord.in_channel(CHANNEL) if "**Done**" in str(m)])
    asked = await discord.command("quota", {"period": "week"}, sub="report")
    await discord.until(lambda: asked.said)
    assert "Most by: Ben 8" in asked.said
    (shown,) = asked.private
    chart, table = shown["attachments"]
    content = [discord.files[file["url"].split("/")[-2]] for file in (chart, table)]
    assert Image.open(io.BytesIO(content[0])).format == "PNG"
    (row,) = csv.DictReader(io.StringIO(content[1].decode()))
    assert (row["member"], row["name"], row["credits"]) == (BEN, "Ben", "8")
    assert [m for m in discord.in_channel(CHANNEL) if m["id"] == shown["id"]] == []


async def test_settings_and_history_say_who_and_why(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    said = await quota(discord, "settings", setting="alerts", value=f"<#{CHANNEL}>", why="closer")
    assert CHANNEL in said
    assert "cannot see a channel" in await quota(
        discord, "settings", setting="alerts", value="<#1234>"
    )
    await quota(discord, "grant", who=BEN, credits="20")
    assert "20 credits of the granted ones less" in await quota(discord, "revoke", who=BEN)
    history = await quota(discord, "history")
    assert f"<@{ADA}> settings `alerts`" in history
    assert "closer" in history
    assert f"<@{ADA}> revoke <@{BEN}>" in history


async def test_alerts_go_to_the_channel_that_the_admins_have_set(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3)
    await quota(discord, "settings", setting="alerts", value="general")
    asked = await discord.command("imagine", {"prompt": "a fox"}, who=BEN)
    await discord.until(lambda: "Not enough credits" in asked.said)
    refusal = asked.private[-1]
    (button,) = refusal["components"][0]["components"]
    await discord.press(refusal, button["custom_id"], who=BEN)

    def alerts() -> list[Object]:
        return [m for m in discord.in_channel(CHANNEL) if "asks for" in str(m)]

    assert await discord.until(alerts)


async def test_rules_name_people_as_mentions(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    await quota(discord, "set", who=BEN, credits="50")
    shown = await quota(discord, "show", target="workspace")
    assert f"<@{BEN}> 50 credits a month" in shown
    assert "member:" not in shown
    assert f"The rule for <@{BEN}> is gone" in await quota(discord, "clear", who=BEN)


async def test_the_role_whose_rule_applies_is_called_by_its_name(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await quota(discord, "set", who=ROLE, credits="700")
    assert "(from the role design)" in await quota(discord, "show", who=BEN)


async def test_a_role_that_is_gone_gets_no_rule(discord: Discord, start_bot: StartBot) -> None:
    await start_bot(discord)
    data = {"id": "1", "name": "quota", "type": 1, "options": [{"type": 1, "name": "set", "options": [
        {"type": 9, "name": "who", "value": "5999"}, {"type": 3, "name": "credits", "value": "5"},
    ]}], "resolved": {"roles": {"5999": {"id": "5999", "name": "gone"}}}}  # fmt: skip
    asked = await discord.ask(2, data, ADA, CHANNEL)
    await discord.until(lambda: "There is no member" in asked.said)
    assert "Nothing is set" in await quota(discord, "show", target="workspace")
