"""How often a job is sent again that Runway turned away."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.errors import ChatError
from bot.jobs import WAIT_BUSY, WAIT_DAILY, Job, State
from tests.scenario.slowly import Stage, staged


@pytest.fixture
async def stage(known_folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with staged(known_folder, session) as one:
        yield one


def waits(job: Job) -> bool:
    return job.state is State.QUEUED and job.holder is None and job.due_at is not None


async def test_a_days_limit_uses_no_attempt_up_however_often_it_is_met(stage: Stage) -> None:
    """The first two answers are a 503; all later ones are the day's limit."""
    job = await stage.imagine("a fox !503 !daily")
    found = []
    for _ in range(5):
        waiting = await stage.until(job.id, waits)
        found.append((waiting.failure, waiting.attempts))
        await stage.pass_the_wait(job.id)
    assert found == [(WAIT_BUSY, 1), (WAIT_BUSY, 2), *3 * [(WAIT_DAILY, 2)]]


async def test_what_was_turned_away_for_hours_is_sent_once_runway_is_back(stage: Stage) -> None:
    job = await stage.imagine("a fox !503")
    await stage.until(job.id, waits)
    await stage.turned_away(job.id, 100)
    await stage.pass_the_wait(job.id)
    waiting = await stage.until(job.id, lambda job: waits(job) or job.state.is_over)
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 101)
    await stage.pass_the_wait(job.id)
    await stage.until(job.id, lambda job: job.state is State.DELIVERED)


async def test_a_result_waits_for_a_chat_that_is_away_for_hours(stage: Stage) -> None:
    async def away() -> None:
        if stage.waits.waited < 6 * 3600:
            raise ChatError("away")

    stage.chat.before_delivery = away
    stage.waits.hurries = True
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.state.is_over)
    assert ended.state is State.DELIVERED
    assert stage.chat.delivered == [f"result:{job.id}"]


async def test_a_days_limit_is_known_by_its_count_whatever_runway_says(
    known_folder: Path, session: aiohttp.ClientSession
) -> None:
    """Runway's words for it are not documented: here it says only "Too many requests"."""
    async with staged(known_folder, session, daily_limit=1) as stage:
        first = await stage.imagine("a fox")
        await stage.until(first.id, lambda job: job.state is State.DELIVERED)
    async with staged(known_folder, session, daily_limit=1) as stage:
        second = await stage.imagine("a fox !429")
        waiting = await stage.until(second.id, waits)
        assert (waiting.failure, waiting.attempts) == (WAIT_DAILY, 0)
