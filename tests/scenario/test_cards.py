"""A job has one card, and its last word is true, whoever shows it and whenever the chat takes it."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.cards.posts import FIRST_CARD_SECONDS
from bot.clock import SystemClock
from bot.credits import Outcome
from bot.desk.acceptance import new_job
from bot.errors import ChatError, StaleJob, StorageUnavailable
from bot.jobs import Cause, Job, State
from bot.views import Card
from tests.scenario.slow_ports import OwnClock
from tests.scenario.slowly import ADA, Stage, staged


@pytest.fixture
async def stage(known_folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with staged(known_folder, session) as one:
        yield one


async def shown_as_running(stage: Stage, job: Job) -> Job:
    """The job, once its own worker has nothing more to edit before there is progress."""
    return await stage.until(
        job.id, lambda job: job.state is State.RUNNING and State.RUNNING in stage.chat.shown
    )


async def test_a_card_that_was_posted_late_shows_what_the_job_is_by_then(stage: Stage) -> None:
    async def sent_meanwhile(card: Card) -> None:
        stage.worker.wake()
        await stage.until(card.job_id, lambda job: job.state is not State.QUEUED)

    stage.chat.before_post = sent_meanwhile
    job = await stage.imagine("a fox !stall")
    first, second, *_ = stage.chat.shown
    assert first is State.QUEUED
    assert second in (State.SUBMITTING, State.RUNNING)
    await stage.until(job.id, lambda job: job.state is State.RUNNING)


async def test_the_first_card_is_posted_by_who_answers_the_command_and_by_nobody_else(
    stage: Stage,
) -> None:
    """The queue moves on before the one who accepted the job hears that it is accepted."""

    async def sent_meanwhile(job: Job) -> None:
        stage.worker.wake()
        await stage.until(job.id, lambda job: job.state is not State.QUEUED)

    stage.storage.after_accept = sent_meanwhile
    job = await stage.imagine("a fox")
    await stage.until(job.id, lambda job: job.told)
    assert stage.chat.posted_by == [asyncio.current_task()]
    assert stage.chat.shown[-1] is State.DELIVERED


async def test_no_job_waits_for_an_edit_and_a_state_that_has_passed_by_then_is_left_out(
    stage: Stage,
) -> None:
    under_way, goes_through = asyncio.Event(), asyncio.Event()

    async def slowly(card: Card) -> None:
        if card.state is State.RUNNING:
            under_way.set()
            await goes_through.wait()

    stage.chat.before_edit = slowly
    stage.provider.before_look = under_way.wait
    job = await stage.imagine("a fox")
    await stage.until(job.id, lambda job: job.state is State.DELIVERED)
    goes_through.set()
    await stage.until(job.id, lambda job: job.told)
    assert State.RUNNING in stage.chat.shown
    assert State.COLLECTING not in stage.chat.shown
    assert stage.chat.shown[-1] is State.DELIVERED


async def test_an_edit_by_one_who_does_not_have_the_job_is_not_the_last_word(stage: Stage) -> None:
    """Another replica shows the card beside the one that carries the job to its end."""
    is_other, under_way = ContextVar("is_other", default=False), asyncio.Event()

    async def slowly(card: Card) -> None:
        if is_other.get() and card.state is not State.DELIVERED:
            under_way.set()
            await stage.until(card.job_id, lambda job: job.told)

    stage.chat.before_edit = slowly
    stage.provider.before_look = under_way.wait
    job = await stage.imagine("a fox")
    running = await stage.until(job.id, lambda job: job.state is State.RUNNING)
    is_other.set(True)
    await (await stage.another_presenter()).show(running)
    assert stage.chat.shown[-2:] == [State.RUNNING, State.DELIVERED]


async def test_an_edit_that_is_under_way_when_its_worker_is_stopped_is_not_the_last_word(
    stage: Stage,
) -> None:
    """The chat takes it when another replica has brought the job to its end."""
    job = await stage.imagine("a fox !stall")
    running = await shown_as_running(stage, job)
    presenter, under_way, over = await stage.another_presenter(), asyncio.Event(), asyncio.Event()

    async def late(card: Card) -> None:
        if not under_way.is_set():
            under_way.set()
            await over.wait()

    stage.chat.before_edit = late
    worker = asyncio.create_task(presenter.show(running))
    await under_way.wait()
    worker.cancel()
    await stage.storage.finish(running, State.CANCELLED, Outcome.FAILED, SystemClock().now())
    stage.chat.shown.clear()
    over.set()
    await asyncio.gather(*presenter.errands.under_way)
    assert stage.chat.shown == [State.RUNNING, State.CANCELLED]


async def test_an_edit_that_lands_when_another_has_shown_the_end_is_not_the_last_word(
    stage: Stage,
) -> None:
    presenter = await stage.another_presenter()
    job = await stage.imagine("a fox !stall")
    running = await shown_as_running(stage, job)
    stage.chat.lands_later = True
    await presenter.show(running)
    stage.chat.lands_later = False
    (_, confirm, _) = stage.chat.flying[0]
    await confirm()
    await stage.storage.finish(running, State.CANCELLED, Outcome.FAILED, SystemClock().now())
    with pytest.raises(StaleJob):
        await confirm()
    stage.chat.shown.clear()
    stage.chat.land()
    await asyncio.sleep(0)  # the landing is told by a callback
    await asyncio.gather(*presenter.errands.under_way)
    assert stage.chat.shown == [State.RUNNING, State.CANCELLED]


async def test_the_second_card_of_a_job_is_taken_back_by_who_posted_it(stage: Stage) -> None:
    """One that stood still right before it posted goes on when another has posted the card."""
    posted_elsewhere: list[Job] = []

    async def stand_still(card: Card) -> None:
        if not posted_elsewhere:
            posted_elsewhere.append(await stage.storage.note_card(card.job_id, "the other's card"))

    stage.chat.before_post = stand_still
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.card == "the other's card"
    assert stage.chat.removed == [f"card:{job.id}"]
    assert stage.chat.edited == {"the other's card"}


async def test_a_card_that_another_posted_while_its_replica_stood_still_is_not_posted_again(
    stage: Stage,
) -> None:
    async def stand_still(card: Card) -> None:
        await stage.storage.note_card(card.job_id, "the other's card")

    stage.chat.before_confirm = stand_still
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.card) == (State.DELIVERED, "the other's card")
    assert State.QUEUED not in stage.chat.shown
    assert stage.chat.edited == {"the other's card"}


async def test_a_card_that_cannot_be_noted_is_taken_back_when_another_was_posted_meanwhile(
    stage: Stage,
) -> None:
    stage.storage.loses_cards = 1
    presenter = await stage.another_presenter()
    job = new_job("j1", ADA, stage.request(), Cause.COMMAND, None, SystemClock().now())
    job = await stage.storage.accept(replace(job, accepted_by=None), [], job.created_at)
    with pytest.raises(StorageUnavailable):
        await presenter.show(job)
    await stage.storage.note_card("j1", "the other's card")
    await asyncio.gather(*presenter.errands.under_way)
    assert stage.chat.removed == ["card:j1"]


async def test_a_clock_far_ahead_is_no_reason_to_post_the_card_that_another_is_about_to_post(
    stage: Stage,
) -> None:
    clock = OwnClock()
    clock.ahead = timedelta(hours=1)
    presenter = await stage.another_presenter(clock)
    await stage.join("another")
    job = new_job("j1", ADA, stage.request(), Cause.COMMAND, None, SystemClock().now())
    job = await stage.storage.accept(replace(job, accepted_by="another"), [], job.created_at)
    await presenter.show(job)
    assert stage.chat.shown == []
    clock.slept = FIRST_CARD_SECONDS
    await presenter.show(job)
    assert stage.chat.shown == [State.QUEUED]


async def test_a_card_that_its_replica_never_posts_is_posted_by_whoever_has_the_job(
    stage: Stage,
) -> None:
    await stage.join("another")
    job = new_job("j1", ADA, stage.request(), Cause.COMMAND, None, SystemClock().now())
    await stage.storage.accept(replace(job, accepted_by="another"), [], job.created_at)
    stage.worker.wake()
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.card) == (State.DELIVERED, "card:j1")
    assert stage.chat.shown[-1] is State.DELIVERED


@pytest.mark.parametrize("state", [State.DELIVERED, State.CANCELLED])
async def test_an_end_counts_as_told_only_when_its_card_shows_it(
    stage: Stage, state: State
) -> None:
    """Who dies before has left something to take over."""
    told_before: list[bool] = []

    async def look(card: Card) -> None:
        if card.state is state:
            row = await stage.storage.job(card.job_id)
            assert row is not None
            told_before.append(row.told)

    stage.chat.before_edit = look
    job = await stage.imagine("a fox !stall" if state is State.CANCELLED else "a fox")
    if state is State.CANCELLED:
        await stage.service.cancel(ADA, job.id)
    await stage.until(job.id, lambda job: job.told)
    assert told_before == [False]
    assert stage.chat.shown[-1] is state


async def test_a_queued_job_that_is_cancelled_is_told_when_its_card_shows_it(stage: Stage) -> None:
    job = new_job("j1", ADA, stage.request(), Cause.COMMAND, None, SystemClock().now())
    await stage.storage.accept(job, [], job.created_at)
    told_before: list[Job | None] = []

    async def look(card: Card) -> None:
        told_before.append(await stage.storage.job(card.job_id))

    stage.chat.before_post = look
    await stage.service.cancel(ADA, "j1")
    await stage.until("j1", lambda job: job.told)
    assert [job.told for job in told_before if job] == [False]
    assert stage.chat.shown[-1] is State.CANCELLED


async def test_a_chat_that_does_not_take_the_last_edit_of_a_card_is_asked_again(
    stage: Stage,
) -> None:
    job = await stage.imagine("a fox")
    over = await stage.until(job.id, lambda job: job.told)
    refused: list[Card] = []

    async def refuse_twice(card: Card) -> None:
        if len(refused) < 2:
            refused.append(card)
            raise ChatError("not now")

    stage.chat.before_edit = refuse_twice
    stage.chat.shown.clear()
    await (await stage.another_presenter()).conclude(over)
    assert len(refused) == 2
    assert stage.chat.shown == [State.DELIVERED]


async def test_what_was_accepted_is_not_called_failed_when_its_card_cannot_be_noted(
    stage: Stage,
) -> None:
    stage.storage.loses_cards = 1
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.DELIVERED
    assert len(stage.chat.posted_by) == 1
