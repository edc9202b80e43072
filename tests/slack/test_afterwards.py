"""What people reacted with while nobody listened is found afterwards, and honoured once."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.desk.generation import ONCE_WINDOW
from tests.slack.inside import Inside, Run
from tests.slack.methods import BOT, TEAM
from tests.slack.processes import Bot
from tests.slack.workspace import ADA, BEN, OUTSIDER, Json, Workspace, is_card, shown

LOOKED = "reactions.get"
Launch = Callable[..., Awaitable[Bot]]


def cards(workspace: Workspace) -> list[Json]:
    return [message for message in workspace.in_channel() if is_card(message)]


def file_of(workspace: Workspace) -> Json:
    return next(m for m in workspace.in_channel() if m.get("files") and m["user"] == BOT)


def ask_last(workspace: Workspace, user: str) -> None:
    """React where it is found last: when that is honoured, so is all else, or left alone."""
    who = {"id": user, "team_id": TEAM, "profile": {"display_name": user}}
    workspace.server.users[user] = who
    workspace.set_reaction(cards(workspace)[0], "repeat", user)


async def owners(workspace: Workspace, last: str) -> list[str]:
    """Whose cards there are, once somebody has one."""

    def found() -> list[str] | None:
        names = [card["blocks"][0]["text"]["text"].split("*")[1] for card in cards(workspace)]
        return names if last in names else None

    return await workspace.until(found)


async def first(workspace: Workspace) -> Json:
    """A first result, with its job done."""
    await workspace.command("/imagine a fox")
    result = await workspace.result()
    await workspace.done()
    return result


async def again(run: Run, workspace: Workspace, **more: str) -> Inside:
    bot = await run(**more)
    workspace.http = bot.url if more else None
    return bot


@pytest.mark.parametrize("more", [{}, {"DAILIES_SLACK__MODE": "http"}], ids=["socket", "http"])
async def test_what_was_set_while_the_bot_was_away_is_honoured_once_when_it_is_back(
    workspace: Workspace, run: Run, more: dict[str, str]
) -> None:
    bot = await again(run, workspace, **more)
    result = await first(workspace)
    await workspace.react(result, "repeat", BEN)
    await workspace.result(2)
    await bot.stop()
    workspace.server.users["U0GONE"] = {"id": "U0GONE", "team_id": TEAM, "deleted": True}
    for user in (ADA, BOT, OUTSIDER, "U0GONE"):
        workspace.set_reaction(result, "repeat::skin-tone-2", user)
    workspace.set_reaction(file_of(workspace), "arrows_counterclockwise", BEN)
    workspace.set_reaction(result, "tada", BEN)
    workspace.server.faults.broken[LOOKED] = 1
    bot = await again(run, workspace, **more)
    await workspace.result(4)
    await bot.stop()
    ask_last(workspace, "last")
    await again(run, workspace, **more)
    found = await owners(workspace, "last")
    assert sorted(found) == ["Ada", "Ada", "Ben &lt;b&gt;", "Ben &lt;b&gt;", "last"]


async def test_everybody_who_reacted_is_seen_of_many(workspace: Workspace, run: Run) -> None:
    bot = await run()
    result = await first(workspace)
    await bot.stop()
    for number in range(30):
        workspace.set_reaction(result, "repeat", f"U0GUEST{number}")
    workspace.set_reaction(result, "repeat", ADA)
    await run()
    await workspace.result(2)


async def test_what_is_found_after_a_lost_connection_and_then_told_late_is_one_job(
    workspace: Workspace, run: Run
) -> None:
    await run()
    result = await first(workspace)
    set_at = workspace.server.ts()
    workspace.set_reaction(result, "repeat", BEN)
    for socket in list(workspace.server.sockets):
        await socket.close()
    await workspace.result(2)
    await workspace.until(lambda: _is_past(workspace, ONCE_WINDOW.total_seconds()))
    await workspace.react(result, "repeat", BEN, event_ts=set_at, retry_attempt=1)
    await workspace.react(result, "repeat", ADA)
    await workspace.result(3)
    assert len(cards(workspace)) == 3
    # Set once more it is a new one, also where the last one was found.
    workspace.take_back(result, "repeat", BEN)
    await workspace.react(result, "repeat", BEN)
    await workspace.result(4)


async def test_a_refusal_of_what_was_found_is_told_directly_and_once(
    workspace: Workspace, run: Run
) -> None:
    bot = await run()
    result = await first(workspace)
    await bot.stop()
    workspace.set_reaction(result, "x", BEN)
    bot = await run()
    await workspace.until(lambda: workspace.in_channel("D0BEN") or None)
    await bot.stop()
    ask_last(workspace, "last")
    await run()
    await owners(workspace, "last")
    (told,) = workspace.in_channel("D0BEN")
    assert "cancel" in shown(told)
    assert workspace.server.ephemeral == []


async def test_what_was_honoured_before_it_was_written_down_is_left_alone(
    workspace: Workspace, run: Run, known_folder: Path
) -> None:
    """As after an upgrade: nobody knows of older results which reactions were honoured."""
    bot = await run()
    old = await first(workspace)
    await bot.stop()
    with closing(sqlite3.connect(known_folder / "dailies.db", isolation_level=None)) as rows:
        rows.execute("DELETE FROM once WHERE key LIKE '%reaction%'")
    workspace.set_reaction(old, "repeat", BEN)
    bot = await run()
    await workspace.command("/imagine a cat")
    new = await workspace.result(2)
    await workspace.until(lambda: _began(known_folder))
    await bot.stop()
    workspace.set_reaction(new, "repeat", BEN)
    await run()
    await workspace.result(3)
    assert "“a cat”" in shown(cards(workspace)[2])
    assert old["ts"] not in [asked["timestamp"] for asked in workspace.server.called(LOOKED)]


async def test_whoever_died_right_after_the_job_was_accepted_does_not_find_it_again(
    workspace: Workspace, launch: Launch
) -> None:
    bot = await launch()
    result = await first(workspace)
    await bot.stop()
    dying = await launch(DAILIES_FAILPOINT="accept.committed")
    await workspace.react(result, "repeat", BEN)
    assert await dying.ended() == -9
    ask_last(workspace, "last")
    await launch()
    assert sorted(await owners(workspace, "last")) == ["Ada", "Ben &lt;b&gt;", "last"]


def _is_past(workspace: Workspace, seconds: float) -> bool | None:
    """Whether so long has gone by since the last card."""
    newest = max(float(card["ts"]) for card in cards(workspace))
    return True if time.time() > newest + seconds else None


def _began(folder: Path) -> bool | None:
    with closing(sqlite3.connect(folder / "dailies.db")) as rows:
        found = rows.execute("SELECT 1 FROM once WHERE key LIKE '%|reactions|began'").fetchone()
    return True if found else None
