"""A task that takes far too long: people are told, and in the end it is given up by a rule."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.jobs import State
from bot.messages.cards import Progress
from storage.database import Database
from storage.engines.opening import open_database
from tests.scenario.patient import ADA, START, Scene, set_scene


@pytest.fixture
async def database(tmp_path: Path, migrated_copy: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await open_database(migrated_copy())
    yield opened
    await opened.close()


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await set_scene(database)


async def test_the_progress_of_many_is_not_shown_in_one_moment_but_their_ends_are(
    scene: Scene,
) -> None:
    cards = scene.chat.cards
    jobs = [replace(scene.watched.job, id=f"job{n}", card=f"{n}") for n in range(2, 12)]
    for number, job in enumerate(jobs):
        scene.clock.at = START + timedelta(seconds=10 + number / 5)
        await scene.presenter.show(job, Progress(fraction=0.1))
    assert len(cards) == len(jobs)
    for turn in range(1, 4):
        scene.clock.at = START + timedelta(seconds=20 + turn * 0.15)
        for job in jobs:
            await scene.presenter.show(job, Progress(fraction=0.2))
        assert len(cards) == len(jobs) + turn
    for job in jobs:
        await scene.presenter.show(replace(job, state=State.FAILED))
    assert len(cards) == 2 * len(jobs) + 3


async def test_a_late_task_is_shown_to_its_owner_and_told_to_the_admins_once(scene: Scene) -> None:
    await scene.look(0)
    await scene.look(4.9)
    assert "longer than usual" not in scene.chat.status
    assert await scene.storage.untold(["slow"]) == []
    for minutes in (5.1, 6, 20):
        assert (await scene.look(minutes)).state is State.RUNNING
    assert "Taking much longer than usual" in scene.chat.status
    (told,) = await scene.storage.untold(["slow"])
    assert (told.member, told.kind, told.facts["job"]) == (None, "late", "job1")
    assert scene.runway.deleted == 0


async def test_a_hopeless_task_is_taken_back_and_costs_its_owner_nothing(scene: Scene) -> None:
    await scene.look(0)
    assert (await scene.look(29.9)).state is State.RUNNING
    job = await scene.look(30.1)
    assert (job.state, job.failure, job.charged) == (State.FAILED, "TIMEOUT", 0)
    assert scene.runway.deleted == 1
    balance = await scene.quotas.balance(ADA, scene.clock.now())
    assert (balance.held, balance.captured) == (0, 0)


async def test_what_runway_charged_for_it_is_not_lost(scene: Scene, database: Database) -> None:
    await scene.look(0)
    await scene.look(31)
    rows = await database.read(
        lambda c: c.exec_driver_sql("SELECT id, captured FROM buckets").all()
    )
    assert ("slow:local|unreconciled", 25) in [tuple(row) for row in rows]


async def test_a_finished_task_is_never_taken_back_however_late(scene: Scene) -> None:
    await scene.look(0)
    scene.runway.status = "FAILED"
    assert (await scene.look(600)).failure == "INTERNAL"
    assert scene.runway.deleted == 0


async def test_a_task_that_runway_has_not_begun_may_wait_for_a_day(scene: Scene) -> None:
    scene.runway.status = "THROTTLED"
    assert (await scene.look(23 * 60)).state is State.RUNNING
    assert (await scene.look(25 * 60)).state is State.FAILED
    assert scene.runway.deleted == 1


@pytest.mark.parametrize("jump", [-10, 10, 600], ids="{:+} min".format)
async def test_a_clock_that_jumps_gives_nothing_up(scene: Scene, jump: int) -> None:
    await scene.look(0)
    scene.clock.off = timedelta(minutes=jump)
    assert (await scene.look(4.9)).state is State.RUNNING
    assert "longer than usual" not in scene.chat.status
    assert (await scene.look(29.9)).state is State.RUNNING
    assert (await scene.look(30.1)).failure == "TIMEOUT"


async def test_a_clock_that_was_off_by_days_when_a_job_was_taken_over_gives_nothing_up(
    scene: Scene,
) -> None:
    """How old the task seems says nothing: Runway has it for a day of ours first."""
    scene.runway.status = "PENDING"
    scene.clock.off = timedelta(days=3)
    scene.watched = scene.watch.begin(scene.watched.job)
    for hours in (0, 1, 24.4):
        assert (await scene.look(hours * 60)).state is State.RUNNING
    assert scene.runway.deleted == 0
    assert (await scene.look(24.6 * 60)).failure == "TIMEOUT"


@pytest.mark.parametrize("jump", [-10, 10], ids="{:+} min".format)
async def test_a_task_is_taken_for_gone_when_it_is_unknown_for_long_whatever_the_clock_says(
    scene: Scene, jump: int
) -> None:
    """Runway may not know a task that it has just made; a clock that jumps meanwhile changes nothing."""
    scene.runway.gone = True
    scene.clock.off = timedelta(minutes=jump)
    assert (await scene.look(0.02)).state is State.RUNNING
    assert (await scene.look(0.5)).state is State.RUNNING
    scene.runway.gone = False
    assert (await scene.look(0.6)).state is State.RUNNING
    scene.runway.gone = True
    assert (await scene.look(2)).state is State.RUNNING
    job = await scene.look(2.6)
    assert (job.state, job.failure, job.charged) == (State.FAILED, "TASK_GONE", 0)


@pytest.mark.parametrize("jump", [-10, 10], ids="{:+} min".format)
async def test_how_long_a_task_took_is_true_whatever_the_clock_says(
    scene: Scene, jump: int
) -> None:
    await scene.look(0)
    scene.clock.off = timedelta(minutes=jump)
    assert scene.watch.foresee(scene.watched)[1] == 0
    scene.runway.status, scene.runway.outputs = "SUCCEEDED", ("https://files.example/1.mp4",)
    job = await scene.look(1)
    assert job.noticed_at is not None
    assert job.started_at is not None
    assert job.noticed_at - job.started_at == timedelta(minutes=1)


async def test_while_runway_is_silent_nothing_is_given_up(scene: Scene) -> None:
    await scene.look(0)
    scene.runway.silent = True
    assert (await scene.look(31)).state is State.RUNNING
    scene.runway.silent = False
    assert (await scene.look(32)).state is State.FAILED


async def test_a_status_that_nobody_knows_is_waiting(scene: Scene) -> None:
    scene.runway.status = "MARINATING"
    assert (await scene.look(1)).state is State.RUNNING


@pytest.mark.parametrize("dies", [True, False])
@pytest.mark.parametrize(("status", "charged"), [("RUNNING", 25), ("PENDING", 0)])
async def test_a_cancellation_of_which_runways_answer_was_lost_is_booked_as_what_it_was(
    scene: Scene, status: str, charged: int, dies: bool
) -> None:
    """The next look finds no task, and says who pays: also one of who has read the job anew."""
    await scene.look(0)
    scene.runway.status, scene.runway.silent = status, True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.watch.look(scene.watched)).state is State.RUNNING
    scene.runway.deleted = 1  # Runway had done it all the same
    if dies:
        found = await scene.storage.job("job1")
        assert found is not None
        scene.watched.job = found
    job = await scene.watch.look(scene.watched)
    assert (job.state, job.charged) == (State.CANCELLED, charged)


async def test_a_task_that_is_not_known_yet_is_cancelled_as_soon_as_it_is(scene: Scene) -> None:
    """Runway may not know a task that it has just made, and would go on to make it."""
    scene.runway.gone, scene.runway.status = True, "PENDING"
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.look(0.01)).state is State.RUNNING
    assert scene.watch.foresee(scene.watched)[0] == 0
    assert scene.watched.errors == 0
    scene.runway.gone = False
    assert (await scene.look(0.1)).state is State.CANCELLED
    assert scene.runway.deleted == 1


async def test_a_task_that_stays_unknown_is_cancelled_without_having_been_known(
    scene: Scene,
) -> None:
    scene.runway.gone = True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.look(0.1)).state is State.RUNNING
    job = await scene.look(0.7)
    assert (job.state, job.charged, job.failure) == (State.CANCELLED, 0, None)


async def test_what_is_finished_before_its_cancellation_came_through_is_nobodys_failure(
    scene: Scene,
) -> None:
    await scene.look(0)
    scene.runway.silent = True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.look(1)).state is State.RUNNING
    scene.runway.status, scene.runway.outputs = "SUCCEEDED", ("https://files.example/1.mp4",)
    job = await scene.look(2)
    assert (job.state, job.failure) == (State.COLLECTING, None)


@pytest.mark.parametrize("silent", [False, True])
async def test_a_task_of_which_nothing_is_ever_heard_is_given_up(
    scene: Scene, silent: bool
) -> None:
    """Whether Runway would take it back or not."""
    scene.runway.garbled, scene.runway.silent = True, silent
    for hours in (1, 2, 10, 24.4):
        assert (await scene.look(hours * 60)).state is State.RUNNING
    job = await scene.look(24.6 * 60)
    assert (job.state, job.failure, job.charged) == (State.FAILED, "TIMEOUT", 0)
    assert scene.runway.deleted == (not silent)
    balance = await scene.quotas.balance(ADA, scene.clock.now())
    assert (balance.held, balance.captured) == (0, 0)


async def test_a_task_that_may_have_finished_while_nobody_asked_is_not_given_up_at_once(
    scene: Scene,
) -> None:
    """The bot was away for days, and Runway does not answer in the first minutes after it."""
    scene.runway.garbled = True
    for minutes in range(4):
        assert (await scene.look(3 * 24 * 60 + minutes)).state is State.RUNNING
    assert scene.runway.deleted == 0
    scene.runway.garbled = False
    scene.runway.status, scene.runway.outputs = "SUCCEEDED", ("https://files.example/1.mp4",)
    assert (await scene.look(3 * 24 * 60 + 5)).state is State.COLLECTING


@pytest.mark.parametrize(("status", "charged"), [("RUNNING", 25), ("PENDING", 0)])
async def test_a_task_of_which_nothing_is_heard_any_more_can_be_cancelled(
    scene: Scene, status: str, charged: int
) -> None:
    """What was seen of it last says who pays; one failed question is no reason to guess."""
    scene.runway.status = status
    await scene.look(0)
    scene.runway.garbled = True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.look(1)).state is State.RUNNING
    assert scene.runway.deleted == 0
    await scene.look(2)
    job = await scene.look(3)
    assert (job.state, job.charged, scene.runway.deleted) == (State.CANCELLED, charged, 1)
