"""Whom `dailies quota …` is about: members, and what is no member."""

import json

import pytest

from bot.clock import SystemClock
from bot.errors import ConfigError

HERE = "playground:local"
OTHERS = ["workspace", "default", "role:design", "channel:dailies"]


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.parametrize("line", ["grant {} 100", "revoke {}", "reset {}", "pardon {}"])
async def test_what_only_a_member_can_have_is_refused_to_all_others(books, dailies, line, who):
    with pytest.raises(ConfigError, match=f"{who} is no member"):
        await dailies(*line.format(who).split())
    assert await books.quotas.changed(HERE, None, 10) == []


async def test_a_member_may_be_called_like_the_workspace(books, dailies):
    await dailies("grant", "member:workspace", "40")
    shown = json.loads(await dailies("show", "member:workspace", "--json"))
    assert (shown["member"], shown["grants"][0]["left"]) == ("workspace", 40)


@pytest.mark.parametrize("who", ["workspace", "default"])
async def test_the_workspace_is_shown_with_its_rules_its_budget_and_what_was_used(
    books, dailies, who
):
    await dailies("set", "workspace", "900", "week")
    await dailies("set", "role:design", "70")
    await books.deliver(await books.accept("ben", 30))
    shown = await dailies("show", who)
    for text in (
        "time zone UTC", "Budget: 900 credits a week; used 30, held 0, 870 left.",
        "role:design 70 credits a month", "Used this month: @ben 30",
    ):  # fmt: skip
        assert text in shown
    facts = json.loads(await dailies("show", who, "--json"))
    assert [rule["scope"] for rule in facts["rules"]] == ["role:design", "workspace"]
    assert (facts["workspace"], facts["zone"], facts["budget"]["left"]) == (HERE, "UTC", 870)
    assert facts["used_this_month"] == [{"member": "ben", "credits": 30}]


async def test_a_workspace_of_which_nothing_is_set_is_shown(dailies):
    assert "Nothing is set" in await dailies("show", "workspace")
    facts = json.loads(await dailies("show", "workspace", "--json"))
    assert (facts["rules"], facts["budget"], facts["used_this_month"]) == ([], None, [])


async def test_a_role_is_shown_with_its_rule(dailies):
    assert await dailies("show", "role:design") == "role:design has no rule of its own."
    assert json.loads(await dailies("show", "role:design", "--json"))["rule"] is None
    await dailies("set", "role:design", "70", "week")
    assert await dailies("show", "role:design") == "role:design may use 70 credits a week."
    facts = json.loads(await dailies("show", "role:design", "--json"))
    assert (facts["scope"], facts["rule"]["credits"]) == ("role:design", "70")
    assert "standing" not in facts


async def test_a_channel_is_shown_with_its_cap_and_what_was_used_of_it(books, dailies):
    assert await dailies("show", "channel:dailies") == "channel:dailies has no rule of its own."
    await dailies("set", "channel:dailies", "70")
    await books.accept("ben", 30)
    shown = await dailies("show", "channel:dailies")
    assert "may use 70 credits a month.\nUsed 0, held 30, 40 left.\nResets " in shown
    facts = json.loads(await dailies("show", "channel:dailies", "--json"))
    assert (facts["standing"]["held"], facts["standing"]["left"]) == (30, 40)
    assert facts["standing"]["resets_at"] > SystemClock().now().isoformat()


@pytest.mark.parametrize(("typed", "scope"), [
    ("Workspace", "workspace"), ("DEFAULT", "default"), ("Role:design", "role:design"),
    ("member: ben", "member:ben"), ("member:Workspace", "member:Workspace"),
])  # fmt: skip
async def test_whom_it_is_for_is_understood_however_it_is_typed(books, dailies, typed, scope):
    await dailies("set", typed, "5")
    assert [rule.scope for _, rule in await books.quotas.rules(HERE)] == [scope]
    assert "set" in await dailies("history", typed)
    await dailies("clear", typed)
    assert await books.quotas.rules(HERE) == []


@pytest.mark.parametrize("words", [
    *(("set", who, "5") for who in ("workspace:", "role:", "role: ", "user:ben", ":", "")),
    ("block", "default:"), ("clear", "member:"), ("grant", "user:ben", "5"), ("show", "channel:"),
    ("history", "role:"),
])  # fmt: skip
async def test_who_is_nobody_is_refused(books, dailies, words):
    with pytest.raises(ConfigError, match="is nobody"):
        await dailies(*words)
    assert await books.quotas.changed(HERE, None, 10) == []


@pytest.mark.parametrize("who", ["workspace", "Workspace", "channel:dailies"])
async def test_a_cap_is_no_block(books, dailies, who):
    with pytest.raises(ConfigError, match=f"can be blocked, not {who}"):
        await dailies("block", who)
    assert await books.quotas.rules(HERE) == []


@pytest.mark.parametrize("where", [HERE, "discord:4711", "slack:T1"])
@pytest.mark.parametrize("channel", ["nonsense", "#ops", ""])
async def test_what_is_no_id_of_a_channel_gets_no_alerts(books, dailies, where, channel):
    with pytest.raises(ConfigError, match="is no channel's id"):
        await dailies("settings", "alerts", channel, "--workspace", where)
    assert (await books.quotas.settings(where)).alert_channel is None


async def test_each_platform_has_ids_of_its_own(books, dailies):
    for where, channel in [("discord:4711", "C0OPS"), ("slack:T1", "1180")]:
        with pytest.raises(ConfigError, match="is no channel's id"):
            await dailies("settings", "alerts", channel, "--workspace", where)
    for where, channel in [("discord:4711", "1180"), ("slack:T1", "C0OPS"), (HERE, "dailies")]:
        assert f"alerts {channel}" in await dailies(
            "settings", "Alerts", channel, "--workspace", where
        )
        await dailies("settings", "alerts", "Configured", "--workspace", where)
        assert (await books.quotas.settings(where)).alert_channel is None
