"""`--json` on every verb of `dailies quota`: what is there, or what was changed."""

import argparse
import csv
import io
import json

import pytest

from bot.clock import SystemClock
from bot.commandline.quota_arguments import add_quota_arguments
from bot.desk.reporting import COLUMNS

HERE = "playground:local"


@pytest.fixture
def facts(dailies):
    """Runs a line with `--json`; what it says."""

    async def run(*words: str) -> object:
        return json.loads(await dailies(*words, "--json"))

    return run


def rule(scope, credits, period="month"):
    return {"workspace": HERE, "scope": scope, "credits": credits, "period": period}


def test_every_verb_has_it():
    parser = argparse.ArgumentParser()
    add_quota_arguments(parser)
    (verbs,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert [v for v, p in verbs.choices.items() if "--json" not in p.format_help()] == []


async def test_a_rule_that_was_changed(facts):
    assert await facts("set", "ben", "70", "week") == rule("member:ben", "70", "week")
    assert await facts("set", "default", "unlimited") == rule("default", "unlimited")
    assert await facts("block", "role:design") == rule("role:design", "blocked")
    gone = {"workspace": HERE, "scope": "role:design", "cleared": True}
    assert await facts("clear", "role:design") == gone


async def test_a_member_who_was_given_something_or_starts_anew(books, facts):
    ben = {"workspace": HERE, "member": "ben"}
    assert await facts("grant", "ben", "40") == {**ben, "granted": 40, "expires_at": None}
    lasting = await facts("grant", "member:ben", "5", "30")
    assert lasting["expires_at"] > SystemClock().now().isoformat()
    assert await facts("revoke", "ben", "15") == {**ben, "revoked": 15}
    assert await facts("revoke", "ben") == {**ben, "revoked": 30}
    await books.deliver(await books.accept("ben", 30))
    assert await facts("reset", "ben") == {**ben, "used": 30}
    assert await facts("pardon", "ben") == {**ben, "pardoned": True}


async def test_settings_that_hold(facts):
    usual = {
        "workspace": HERE, "zone": "UTC", "credits": "100", "period": "month", "alerts": None,
        "confirm": None,
    }  # fmt: skip
    assert await facts("settings") == usual
    assert await facts("zone", "Asia/Tokyo") == {**usual, "zone": "Asia/Tokyo"}
    assert (await facts("settings", "confirm", "5"))["confirm"] == 5
    assert (await facts("settings", "confirm", "never"))["confirm"] is None
    assert (await facts("settings", "alerts", "dailies"))["alerts"] == "dailies"
    assert (await facts("settings", "credits", "unlimited"))["credits"] == "unlimited"


async def test_rules_in_bulk(dailies, facts, tmp_path):
    await dailies("set", "ben", "70", "week")
    await dailies("block", "default")
    (tmp_path / "rules.csv").write_text(await dailies("export"), encoding="utf-8")
    rows = [rule("default", "blocked"), rule("member:ben", "70", "week")]
    assert await facts("export") == await facts("show") == rows
    assert await facts("import", str(tmp_path / "rules.csv")) == rows


async def test_a_report_is_csv_unless_another_form_is_asked_for(books, dailies, facts):
    await books.deliver(await books.accept("ben", 30))
    (row,) = csv.DictReader(io.StringIO(await dailies("report", "week")))
    (same,) = await facts("report", "week")
    assert tuple(row) == tuple(same) == COLUMNS
    assert row == {name: str(value) for name, value in same.items()}
    assert (same["jobs"], same["credits"], same["workspace_credits"]) == (1, 30, 0)
    names, line = [line.split() for line in (await dailies("report", "--table")).splitlines()]
    assert names == ["day", "member", "model", "jobs", "credits", "workspace_credits"]
    assert line == [row["day"], "ben", "gen4_image", "1", "30", "0"]
