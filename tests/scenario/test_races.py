"""Two things at the same moment, brought about by a chat that takes its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select

from bot.clock import SystemClock
from bot.commands.invocations import Invocation, SentFile
from bot.commands.specification import command
from bot.credits import Outcome
from bot.desk.acceptance import new_job
from bot.errors import AlreadyOver, ChatError, StorageUnavailable
from bot.jobs import Cause, Job, State
from bot.runway.simulator import SimulatorSettings
from bot.views import Card
from storage.replica_tables import replicas
from tests.scenario.evidence import read_books
from tests.scenario.slowly import ADA, Stage, staged


@pytest.fixture
async def stage(known_folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with staged(known_folder, session) as one:
        yield one


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


async def test_a_cancellation_of_what_is_turned_away_meanwhile_does_not_wait_for_its_turn(
    stage: Stage,
) -> None:
    """It is found being sent, and is back in the queue until tomorrow when the wish is noted."""
    being_sent, wished = asyncio.Event(), asyncio.Event()

    async def send_when_wished() -> None:
        being_sent.set()
        await wished.wait()

    async def until_turned_away() -> None:
        wished.set()
        await stage.until(job.id, lambda job: job.state is State.QUEUED)

    stage.storage.after_intent, stage.storage.before_cancel = send_when_wished, until_turned_away
    job = await stage.imagine("a fox !daily")
    async with asyncio.timeout(60):
        await being_sent.wait()
    assert (await stage.service.cancel(ADA, job.id)).state is State.CANCELLED


async def test_a_cancellation_in_the_moment_in_which_the_lease_is_lost_is_taken(
    stage: Stage,
) -> None:
    """It is written down, and who takes the job over carries it out: nothing went wrong."""
    job = await stage.imagine("a fox !stall")
    await stage.until(job.id, lambda job: job.state is State.RUNNING)
    await stage.sleep_long()
    assert (await stage.service.cancel(ADA, job.id)).cancel_requested


async def test_what_was_certainly_not_sent_waits_again_instead_of_being_uncertain(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    """The lease ends between the intent and the create."""
    stage.storage.after_intent = stage.end_leases
    job = await stage.imagine("a fox")
    again = await stage.until(job.id, lambda job: job.attempts == 1 and job.holder is None)
    assert again.state is State.QUEUED
    assert (await read_books(session, stage.runway)).creates == []


async def test_a_result_is_used_as_the_last_one_as_soon_as_it_can_be_seen(stage: Stage) -> None:
    """Its row still says that it is being delivered."""
    used: list[Job] = []

    async def use_it_at_once() -> None:
        stage.chat.after_delivery = None
        used.append(await stage.ask_for("animate", "it runs", ref="last"))

    stage.chat.after_delivery = use_it_at_once
    first = await stage.imagine("a fox")
    first = await stage.until(first.id, lambda job: job.state is State.DELIVERED)
    assert [given.media.key for given in used[0].request.inputs] == [first.outputs[0].key]


async def test_whoever_slept_through_the_lease_sends_nothing(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    """By its own clock: the database may not have been told of the next holder yet."""
    stage.storage.after_intent = stage.sleep_long
    job = await stage.imagine("a fox")
    again = await stage.until(job.id, lambda job: job.attempts == 1 and job.holder is None)
    assert again.state is State.QUEUED
    assert (await read_books(session, stage.runway)).creates == []


@pytest.mark.parametrize("late", [Stage.end_leases, Stage.sleep_long])
async def test_a_result_is_not_posted_by_whoever_lost_the_lease(
    stage: Stage, late: Callable[[Stage], Awaitable[None]]
) -> None:
    """By the database's clock, or by its own."""
    stage.chat.before_delivery = partial(late, stage)
    job = await stage.imagine("a fox")
    async with asyncio.timeout(60):
        await stage.chat.asked_to_deliver.wait()
    await stage.worker.stop(5.0)
    left = await stage.storage.job(job.id)
    assert left is not None
    assert (left.state, stage.chat.delivered) == (State.DELIVERING, [])


async def test_a_job_that_went_to_another_replica_is_not_watched(stage: Stage) -> None:
    """It goes before anybody watches it; a later one is done long after it would have been."""
    await stage.join("other")

    async def take_away(job: Job) -> None:
        stage.storage.after_running = None
        await stage.take_away(job.id, "other")

    stage.storage.after_running = take_away
    job = await stage.imagine("a fox")
    await stage.until(job.id, lambda job: job.holder == "other")
    later = await stage.imagine("another fox")
    await stage.until(later.id, lambda job: job.told)
    left = await stage.storage.job(job.id)
    assert left is not None
    assert (left.state, left.holder) == (State.RUNNING, "other")


async def test_a_chat_that_takes_its_time_holds_no_job_up_on_its_way_to_runway(
    stage: Stage,
) -> None:
    """Who dies meanwhile would leave a job that nobody knows the whereabouts of."""

    being_sent, running = asyncio.Event(), asyncio.Event()

    async def until_it_is_made(card: Card) -> None:
        if card.state is State.SUBMITTING:
            being_sent.set()
            await stage.until(card.job_id, lambda job: job.state is State.RUNNING)
        elif card.state is State.RUNNING:
            running.set()

    stage.chat.before_edit = until_it_is_made
    stage.provider.before_answer = being_sent.wait
    stage.provider.before_look = running.wait
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


async def test_a_slow_card_of_a_place_in_the_queue_keeps_nobody_from_being_sent(
    stage: Stage,
) -> None:
    """The chat takes its time for the card of one who waits, while places come free."""
    begun, over, shown = asyncio.Event(), asyncio.Event(), []

    async def never_soon(card: Card) -> None:
        if card.state is State.QUEUED:
            shown.append(card.job_id)
            begun.set()
            await over.wait()

    blocking = [
        await stage.imagine(f"fox {n} !stall") for n in range(SimulatorSettings().concurrency)
    ]
    for job in blocking:
        await stage.until(job.id, lambda job: job.state is State.RUNNING)
    stage.chat.before_post = never_soon
    for name in ("j1", "j2"):
        job = new_job(name, ADA, stage.request(), Cause.COMMAND, None, SystemClock().now())
        await stage.storage.accept(job, [], job.created_at)
    stage.worker.wake()
    async with asyncio.timeout(10):
        await begun.wait()
    for job in blocking[:2]:
        await stage.service.cancel(ADA, job.id)
    await stage.until("j2", lambda job: job.holder is not None)
    assert shown == ["j1"]  # nor does another round begin beside this one
    over.set()
    await stage.until("j2", lambda job: job.told)


@pytest.mark.parametrize("how", ["stopped", "unheard"])
async def test_what_was_accepted_keeps_its_files_whatever_comes_after(
    stage: Stage, tmp_path: Path, how: str
) -> None:
    """The command is cut off, or does not hear of its commit: the job still begins with them."""
    accepted: asyncio.Future[Job] = asyncio.get_running_loop().create_future()

    async def cut_off(job: Job) -> None:
        accepted.set_result(job)
        if how == "unheard":
            raise StorageUnavailable("away after the commit")
        await asyncio.Event().wait()

    stage.storage.after_accept = cut_off
    photo = tmp_path / "photo.png"
    Image.new("RGB", (1280, 720), "navy").save(photo)
    animate = command("animate")
    assert animate is not None
    typed = Invocation(ADA, animate, {"prompt": "it runs"}, {}, [SentFile(photo, "photo.png")])
    asking = asyncio.create_task(stage.service.run(typed))
    await asyncio.wait({asking, accepted}, return_when=asyncio.FIRST_COMPLETED)
    job = accepted.result()
    if how == "stopped":
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    else:
        answer = await asking
        assert isinstance(answer, Job)
        assert answer.id == job.id
    ended = await stage.until(job.id, lambda job: job.state.is_over)
    assert (ended.state, ended.failure) == (State.DELIVERED, None)


async def test_who_cannot_see_a_result_is_told_once_while_the_database_is_away(
    stage: Stage,
) -> None:
    async def closed() -> None:
        raise ChatError("the channel is gone", permanent=True)

    stage.chat.before_delivery = closed
    stage.storage.loses_ends = 2
    job = await stage.imagine("a fox")
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, stage.storage.loses_ends) == (State.UNDELIVERABLE, 0)
    assert stage.chat.notified == ["ada"]
