"""Two things at the same moment, brought about by a chat that takes its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from sqlalchemy import select

from bot.acceptance import new_job
from bot.archive import Archive
from bot.catalog import load_catalog
from bot.clock import SystemClock
from bot.core import build_core
from bot.credits import Allowance, Outcome
from bot.door import Door
from bot.errors import AlreadyOver, ChatError
from bot.jobs import Cause, Job, State
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.quotas import Moderation
from bot.replica import Replica
from bot.runway.client import RunwayClient
from bot.telemetry import no_span
from bot.views import Card
from storage.engines import open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.replica_tables import replicas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from tests.scenario.evidence import read_books
from tests.scenario.processes import KEY
from tests.scenario.slowly import ADA, SlowChat, SlowStorage, Stage
from tests.scenario.stage import config_for, simulator_on


@pytest.fixture
async def stage(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path))
        database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
        stack.push_async_callback(database.close)
        archive, catalog, chat = Archive(str(tmp_path / "archive")), load_catalog(), SlowChat()
        provider = await stack.enter_async_context(
            RunwayClient(simulator.url, KEY, catalog, archive, 0.1)
        )
        defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
        storage = SlowStorage(database, defaults)
        lease = timedelta(seconds=30)
        replica = Replica(SqlReplicas(database, lease, alone=True), SystemClock(), lease)
        await replica.join()
        core = await build_core(
            config_for(tmp_path, simulator.url),
            storage=storage,
            quotas=SqlQuotas(database, defaults),
            orders=SqlOrders(database),
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, Downloader(session, allow_loopback=True)),
            archive=archive,
            chats={"slow": chat},
            replica=replica,
            clock=SystemClock(),
            door=Door(
                burst=100, per_minute=100, clock=SystemClock(), count=lambda *_: None, span=no_span
            ),
        )
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        yield Stage(core, storage, chat, database, simulator.url)


async def test_a_cancellation_while_the_card_turns_to_running_is_not_lost(stage: Stage) -> None:
    cancelling: list[asyncio.Task[Job]] = []

    async def cancel_meanwhile(card: Card) -> None:
        if card.state is State.RUNNING and not cancelling:
            cancelling.append(asyncio.create_task(stage.service.cancel(ADA, card.job_id)))
            await stage.until(card.job_id, lambda job: job.cancel_requested)

    stage.chat.before_edit = cancel_meanwhile
    job = await stage.imagine("a fox !stall")
    ended = await stage.until(job.id, lambda job: job.state.is_over)
    assert ended.state is State.CANCELLED
    await asyncio.gather(*cancelling)


async def test_an_end_that_overtakes_a_cancellation_is_left_to_be_told(stage: Stage) -> None:
    """Whoever brought it to its end may have died since; who takes over tells it then."""
    job = await stage.imagine("a fox !stall")
    running = await stage.until(job.id, lambda job: job.state is State.RUNNING)

    async def fail_meanwhile() -> None:
        now = SystemClock().now()
        await stage.storage.finish(running, State.FAILED, Outcome.FAILED, now, failure="INTERNAL")

    stage.storage.before_cancel = fail_meanwhile
    with pytest.raises(AlreadyOver):
        await stage.service.cancel(ADA, job.id)
    left = await stage.storage.job(job.id)
    assert left is not None
    assert (left.state, left.told) == (State.FAILED, False)


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
        await stage.until(job.id, lambda job: job.state is State.SUBMITTING)

    stage.storage.after_accept = sent_meanwhile
    job = await stage.imagine("a fox")
    await stage.until(job.id, lambda job: job.told)
    assert stage.chat.posted_by == [asyncio.current_task()]
    assert stage.chat.shown[-1] is State.DELIVERED


async def test_an_edit_by_one_who_does_not_have_the_job_is_not_the_last_word(stage: Stage) -> None:
    """Another replica shows the card beside the one that carries the job to its end."""
    is_other = ContextVar("is_other", default=False)

    async def slowly(card: Card) -> None:
        if is_other.get() and card.state is not State.DELIVERED:
            await stage.until(card.job_id, lambda job: job.told)

    stage.chat.before_edit = slowly
    job = await stage.imagine("a fox")
    running = await stage.until(job.id, lambda job: job.state is State.RUNNING)
    is_other.set(True)
    await (await stage.another_presenter()).show(running)
    assert stage.chat.shown[-2:] == [State.RUNNING, State.DELIVERED]


async def test_what_was_certainly_not_sent_waits_again_instead_of_being_uncertain(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    """The lease ends between the intent and the create."""
    stage.storage.after_intent = stage.end_leases
    job = await stage.imagine("a fox")
    again = await stage.until(job.id, lambda job: job.attempts == 1 and job.holder is None)
    assert again.state is State.QUEUED
    assert (await read_books(session, stage.runway)).creates == []


async def test_an_edit_that_is_under_way_when_its_worker_is_stopped_is_not_the_last_word(
    stage: Stage,
) -> None:
    """The chat takes it when another replica has brought the job to its end."""
    job = await stage.imagine("a fox !stall")
    running = await stage.until(job.id, lambda job: job.state is State.RUNNING)
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
    await asyncio.gather(*presenter.under_way)
    assert stage.chat.shown == [State.RUNNING, State.CANCELLED]


async def test_a_chat_that_takes_its_time_holds_no_job_up_on_its_way_to_runway(
    stage: Stage,
) -> None:
    """Who dies meanwhile would leave a job that nobody knows the whereabouts of."""

    async def until_it_is_made(card: Card) -> None:
        if card.state is State.SUBMITTING:
            await stage.until(card.job_id, lambda job: job.state is State.RUNNING)

    stage.chat.before_edit = until_it_is_made
    job = await stage.imagine("a fox")
    await stage.until(job.id, lambda job: job.told)
    assert stage.chat.shown.index(State.SUBMITTING) < stage.chat.shown.index(State.RUNNING)


async def test_a_job_that_nobody_heard_of_is_taken_up_again(stage: Stage) -> None:
    """The answer to a turn was lost after its commit: the row says ours, and nothing happens."""
    (replica,) = await stage.ask(select(replicas.c.id))
    stage.chat.before_post = lambda _: stage.give(replica)
    job = await stage.imagine("a fox")
    assert (await stage.storage.job(job.id)).holder == replica
    for _ in range(2):
        await stage.worker.renewed()
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.DELIVERED


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
