"""Whom `dailies quota …` is about: members, and what is no member."""

import json

import pytest

from bot.clock import SystemClock
from bot.credits import Allowance
from bot.errors import ConfigError

HERE = "playground:local"
OTHERS = ["workspace", "default", "role:design", "channel:dailies"]


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.parametrize("line", ["grant {} 100", "revoke {}", "reset {}", "pardon {}"])
async def test_what_only_a_member_can_have_is_refused_to_all_others(books, dailies, line, who):
    with pytest.raises(ConfigError, match=f"{who} is no member"):
        await dailies(*line.format(who).split())
    assert await books.quotas.changed(HERE, None, 10) == []


@pytest.fixture
def called_workspace(monkeypatch):
    """One of the members of the web chat is."""
    people = [{"id": id_, "name": id_} for id_ in ("workspace", "ben")]
    monkeypatch.setenv("DAILIES_PLAYGROUND__MEMBERS", json.dumps(people))


async def test_a_member_may_be_called_like_the_workspace(books, dailies, called_workspace):
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
    ("member: ben", "member:ben"), ("Member:workspace", "member:workspace"),
])  # fmt: skip
async def test_whom_it_is_for_is_understood_however_it_is_typed(
    books, dailies, called_workspace, typed, scope
):
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


@pytest.mark.parametrize(("where", "who", "says"), [
    ("discord:4711", "ben", "ben is no member's id"),
    ("discord:4711", "role:design", "design is no role's id"),
    ("discord:4711", "channel:C0OPS", "C0OPS is no channel's id"),
    ("slack:T1", "4711", "4711 is no member's id"), ("slack:T1", "S0DESIGN", "is no member's id"),
    ("slack:T1", "role:U0BEN", "U0BEN is no role's id"),
    (HERE, "dan", "dan is no member of the local web chat. Choose of: ada, ben, chloe"),
])  # fmt: skip
async def test_nothing_is_given_to_what_cannot_be_anybody(
    books, dailies, tmp_path, monkeypatch, where, who, says
):
    monkeypatch.chdir(tmp_path)  # where nothing is configured
    lines = [("set", who, "5")]
    lines += [("grant", who, "5")] if ":" not in who else []
    for words in lines:
        with pytest.raises(ConfigError, match=says):
            await dailies(*words, "--workspace", where)
    (tmp_path / "rules.csv").write_text(f"workspace,scope,credits,period\n{where},{who},5,\n")
    with pytest.raises(ConfigError, match=f"line 2: .*{says}"):
        await dailies("import", str(tmp_path / "rules.csv"))
    assert await books.quotas.changed(where, None, 10) == []


async def test_what_was_once_given_to_nobody_can_be_taken_away(books, dailies):
    await books.rule("member:dan", Allowance(70))
    assert "70" in await dailies("show", "dan")
    assert await dailies("clear", "dan") == "The rule for member:dan is gone."


@pytest.mark.parametrize(("where", "who"), [
    ("discord:4711", "1180"), ("discord:4711", "role:1180"), ("slack:T1", "U0BEN"),
    ("slack:T1", "W0BEN"), ("slack:T1", "role:S0DESIGN"), ("slack:T1", "channel:C0OPS"),
])  # fmt: skip
async def test_ids_as_the_platforms_have_them_are_taken(books, dailies, where, who):
    await dailies("set", who, "5", "--workspace", where)
    assert len(await books.quotas.rules(where)) == 1


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
