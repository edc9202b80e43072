"""A lease that is lost while Runway answers: what only this process knows is kept for the next one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.errors import StorageUnavailable
from bot.jobs import Job, State
from tests.scenario.evidence import read_books
from tests.scenario.slowly import Stage, staged


@pytest.fixture
async def stage(known_folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with staged(known_folder, session) as one:
        yield one


async def _lost_while_runway_is_asked(stage: Stage) -> tuple[Job, asyncio.Event]:
    """A job whose lease is lost before Runway answers its create, and what lets Runway answer."""
    asked, answers = asyncio.Event(), asyncio.Event()

    async def answer_late() -> None:
        asked.set()
        await answers.wait()

    stage.provider.before_answer = answer_late
    job = await stage.imagine("a fox")
    async with asyncio.timeout(60):
        await asked.wait()
    await stage.lose_lease()
    return job, answers


async def test_a_tasks_id_outlives_the_lease_while_the_database_is_away(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    async def go_away() -> None:
        stage.storage.is_away = True

    stage.provider.before_answer = go_away
    job = await stage.imagine("a fox")
    async with asyncio.timeout(60):
        await stage.storage.missed.wait()
    await stage.lose_lease()
    stage.storage.is_away = False
    await stage.worker.renewed()
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.DELIVERED
    assert list((await read_books(session, stage.runway)).tasks) == [ended.task_id]


async def test_an_answer_that_comes_after_the_lease_is_written_down_under_the_next(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    job, answers = await _lost_while_runway_is_asked(stage)
    await stage.worker.renewed()
    answers.set()
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.DELIVERED
    assert list((await read_books(session, stage.runway)).tasks) == [ended.task_id]


async def test_what_was_not_sent_under_one_lease_is_sent_under_the_next(stage: Stage) -> None:
    async def lose_it() -> None:
        stage.storage.after_intent, stage.storage.is_away = None, True
        await stage.end_leases()

    stage.storage.after_intent = lose_it
    job = await stage.imagine("a fox")
    async with asyncio.timeout(60):
        await stage.storage.missed.wait()
    await stage.lose_lease()
    stage.storage.is_away = False
    await stage.worker.renewed()
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.attempts) == (State.DELIVERED, 2)


async def test_what_was_not_sent_is_sent_when_the_news_of_its_row_is_lost(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    """The row says that it is being sent; the connection broke after the commit."""

    async def lose_the_news() -> None:
        stage.storage.after_intent = None
        raise StorageUnavailable("the connection broke")

    stage.storage.after_intent = lose_the_news
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.attempts) == (State.DELIVERED, 2)
    assert list((await read_books(session, stage.runway)).tasks) == [ended.task_id]


async def test_what_was_not_sent_is_sent_when_the_lease_is_lost_while_its_row_is_written(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    written = asyncio.Event()

    async def never_heard() -> None:
        stage.storage.after_intent = None
        written.set()
        await asyncio.Event().wait()

    stage.storage.after_intent = never_heard
    job = await stage.imagine("a fox")
    async with asyncio.timeout(60):
        await written.wait()
    await stage.lose_lease()
    await stage.worker.renewed()
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.attempts) == (State.DELIVERED, 2)
    assert list((await read_books(session, stage.runway)).tasks) == [ended.task_id]


async def test_a_job_that_another_process_was_sending_is_uncertain(stage: Stage) -> None:
    """Nobody here knows what Runway answered."""
    job, _ = await _lost_while_runway_is_asked(stage)
    await stage.resend_elsewhere(job.id)
    await stage.worker.renewed()
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.UNCERTAIN
