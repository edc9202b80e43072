"""The process dies at every failpoint there is, and is started again: the promise holds."""

import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.scenario.page import Message, Page, Shown, shown_of
from tests.scenario.processes import ROOT
from tests.scenario.theatre import Theatre

PRICE = 5
COMMAND = "/imagine a fox --ratio 720:720"


@dataclass(frozen=True)
class Death:
    """Where the process dies, what brings it there, and how the job ends after the restart."""

    failpoint: str
    words: str = ""
    cancelled: bool = False
    ends: str = "delivered"
    creates: int = 1
    captured: int = PRICE
    unreconciled: int = 0


DEATHS = [
    Death("accept.committed"),
    Death("card.posted"),
    Death("turn.taken"),
    Death("submit.intended", ends="uncertain", creates=0, captured=0, unreconciled=PRICE),
    Death("submit.checked", ends="uncertain", creates=0, captured=0, unreconciled=PRICE),
    Death("submit.sent", ends="uncertain", captured=0, unreconciled=PRICE),
    Death("submit.recorded"),
    Death("watch.noticed"),
    # That Runway had begun when it was cancelled was written down before.
    Death("cancel.intended", "!stall", True, ends="cancelled"),
    Death("cancel.sent", "!stall", True, ends="cancelled"),
    Death("collect.kept"),
    Death("deliver.intended"),
    Death("deliver.checked"),
    Death("deliver.posted"),
    Death("deliver.settled"),
    Death("end.posted", "!internal", ends="failed", captured=0),
]
# It is passed while the process starts, and has a test of its own.
AT_START = "takeover.committed"


def test_every_failpoint_in_the_code_has_its_death_here() -> None:
    sources = (p.read_text() for top in ("bot", "adapters", "storage") for p in _python(top))
    named = {name for text in sources for name in re.findall(r'\bfailpoint\("([^"]+)"\)', text)}
    # A platform's own failpoints have their deaths beside its own server.
    core = {name for name in named if not name.startswith("slack.")}
    assert core == {AT_START, *(death.failpoint for death in DEATHS)}


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: death.failpoint)
async def test_a_job_outlives_the_death_of_the_process(theatre: Theatre, death: Death) -> None:
    page = await theatre.open(death.failpoint)
    await _bring_to_death(theatre, page, death)
    assert await theatre.bot.exited() == -signal.SIGKILL

    page = await theatre.start_bot()
    job_id, shown = await page.until(_ended_job)
    if death.ends == "uncertain":
        await _check_told_and_retried(page, shown)
    proof = await theatre.prove()

    assert proof.violations == []
    accounts = proof.accounts
    assert accounts.jobs[0].id == job_id
    retries = len(accounts.jobs) - 1
    assert retries == (1 if death.ends == "uncertain" else 0)
    assert (shown.state, len(proof.books.creates) - retries) == (death.ends, death.creates)
    assert accounts.captured(job_id) == death.captured
    assert accounts.captured(job_id, "unreconciled") == death.unreconciled


async def test_a_job_outlives_a_death_right_after_it_was_taken_over(theatre: Theatre) -> None:
    page = await theatre.open("submit.recorded")
    await _bring_to_death(theatre, page, DEATHS[0])
    assert await theatre.bot.exited() == -signal.SIGKILL
    with pytest.raises(AssertionError, match="it ended first"):
        await theatre.start_bot(AT_START)
    page = await theatre.start_bot()
    _, shown = await page.until(_ended_job)
    assert shown.state == "delivered"
    proof = await theatre.prove()
    assert proof.violations == []
    assert len(proof.books.creates) == 1


async def _check_told_and_retried(page: Page, shown: Shown) -> None:
    """An uncertain job is told plainly, costs its owner nothing, and can be had again."""
    assert "nobody can say whether it is being made" in shown.end["text"]
    assert "It cost nothing." in shown.end["text"]
    assert [button["action"] for button in shown.end["buttons"]] == ["retry"]
    assert await page.credits_left() == 500  # nothing is held any more
    status, answer = await page.act(shown.end, "retry")
    assert status == 202, answer
    first, retried = await page.jobs()
    assert (await page.over(retried)).state == "delivered"
    assert (await page.shown(first)).state == "uncertain"


async def _bring_to_death(theatre: Theatre, page: Page, death: Death) -> None:
    with suppress(aiohttp.ClientError):  # it may die before it has answered
        await page.command(f"{COMMAND} {death.words}")
        if death.cancelled:
            (job_id,) = await page.jobs()
            shown = await page.until_state(job_id, "running")
            await theatre.until_task("RUNNING")
            await page.act(shown.cards[0], "cancel")


def _ended_job(messages: list[Message]) -> tuple[str, Shown] | None:
    """The one job that there is, when the chat shows its end."""
    ids = {m["job_id"] for m in messages if m["card"]}
    for job_id in ids:
        shown = shown_of(messages, job_id)
        if shown.is_over:
            return job_id, shown
    return None


def _python(top: str) -> list[Path]:
    return sorted((ROOT / top).rglob("*.py"))
