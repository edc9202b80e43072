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
