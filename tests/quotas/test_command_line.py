"""`dailies quota …` does what the chat commands do, and is in the same history."""

import csv
import io
import json

import pytest

from bot.clock import SystemClock
from bot.commandline.quota import by
from bot.credits import Allowance
from bot.errors import ConfigError
from bot.jobs import Member

HERE = "playground:local"
BEN = Member(HERE, "ben")


async def test_what_is_changed_there_is_in_the_history_with_who_and_why(books, dailies):
    await dailies("set", "ben", "70", "week", "--why", "from the plan")
    await dailies("grant", "ben", "40")
    assert await dailies("revoke", "ben", "15") == "ben has 15 granted credits less."
    await books.deliver(await books.accept("ben", 30))
    assert "30 credits used before do not count" in await dailies("reset", "ben")
    await dailies("block", "role:design")
    await dailies("clear", "role:design")
    await dailies("pardon", "ben")
    balance = await books.quotas.balance(BEN, SystemClock().now())
    assert (balance.allowance.credits, balance.left) == (70, 95)
    lines = json.loads(await dailies("history", "--json"))
    assert [line["action"] for line in reversed(lines)] == [
        "set", "grant", "revoke", "reset", "block", "clear", "pardon",
    ]  # fmt: skip
    assert {line["by"] for line in lines} == {by()}
    assert (lines[-1]["after"], lines[-1]["why"]) == ("70 a week", "from the plan")
    assert "role:design" not in await dailies("history", "ben")


async def test_the_report_is_a_table(books, dailies):
    await books.deliver(await books.accept("ben", 30))
    (row,) = csv.DictReader(io.StringIO(await dailies("report", "week")))
    assert (row["member"], row["model"], row["jobs"], row["credits"]) == (
        "ben", "gen4_image", "1", "30",
    )  # fmt: skip


async def test_settings_are_shown_and_set(books, dailies):
    assert "zone UTC" in await dailies("settings")
    await dailies("settings", "zone", "Europe/Berlin", "--why", "we moved")
    await dailies("settings", "alerts", "C0OPS")
    await dailies("settings", "credits", "70")
    shown = await dailies("settings", "confirm", "never")
    for text in ("zone Europe/Berlin", "alerts C0OPS", "70 credits a month", "confirm never"):
        assert text in shown
    assert (await books.quotas.settings(HERE)).default == Allowance(70)
    assert "zone UTC" in await dailies("settings", "zone", "configured")
    assert "begin in Asia/Tokyo now" in await dailies("zone", "Asia/Tokyo")


@pytest.mark.parametrize(
    "line",
    ["revoke ben", "grant ben 1.5", "grant ben unlimited", "settings colour red", "settings zone",
     "settings zone Mars/Base", "settings confirm -1", "report year", "set ben 0", "clear ben",
     f"set ben 5 --why {'x' * 201}"],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_and_changes_nothing(books, dailies, line):
    with pytest.raises(ConfigError):
        await dailies(*line.split())
    assert await books.quotas.changed(HERE, None, 10) == []
    assert await books.quotas.rules(HERE) == []


async def test_the_workspace_may_be_named_before_and_after_the_verb(books, dailies):
    await dailies("set", "1180", "7", "--workspace", "discord:4711")
    await dailies("set", "ben", "8")
    shown = json.loads(await dailies("show", "--json", "--workspace", "discord:4711"))
    assert [(row["workspace"], row["credits"]) for row in shown] == [("discord:4711", "7")]


@pytest.mark.parametrize("name", ["discord", "discord:", "nowhere:1"])
async def test_a_workspace_that_cannot_be_one_is_refused(books, dailies, name):
    with pytest.raises(ConfigError, match=f"{name} is no workspace"):
        await dailies("set", "ben", "7", "--workspace", name)
