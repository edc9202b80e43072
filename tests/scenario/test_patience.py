"""A task that takes far too long: people are told, and in the end it is given up by a rule."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.catalog import load_catalog
from bot.credits import Allowance
from bot.errors import ProviderUnavailable, TaskGone
from bot.estimates import Estimates
from bot.jobs import Job, Member, State
from bot.messages.cards import Progress
from bot.patience import Patience
from bot.pauses import Pauses
from bot.ports import Confirm, Task, Timing
from bot.presenter import Presenter
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest, Operation
from bot.steps.watch import Watch, Watched
from bot.views import Card
from storage.database import Database
from storage.engines import open_database
from storage.quota import SqlQuotas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.storage import SqlStorage

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = Member("slow:local", "ada")
DEFAULTS = Defaults(Allowance(500), 3, ZoneInfo("UTC"), Moderation())
# Its kind takes 60 s: late after 5 minutes, given up after half an hour.
PATIENCE = Patience(timedelta(minutes=30))


class SetClock:
    """Shows what a test says; that of the wall may be off."""

    def __init__(self) -> None:
        self.at = START
        self.off = timedelta()

    def now(self) -> datetime:
        return self.at + self.off

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Runway:
    """Stands for Runway: one task, in whatever state a test puts it."""

    status: str = "RUNNING"
    deleted: int = 0
    silent: bool = False
    gone: bool = False
    outputs: tuple[str, ...] = ()

    async def task(self, task_id: str) -> Task:
        if self.deleted or self.gone:
            raise TaskGone(task_id)
        progress = 0.4 if self.status == "RUNNING" else None
        return Task(task_id, self.status, progress=progress, outputs=self.outputs)

    async def delete(self, _task_id: str) -> None:
        if self.silent:
            raise ProviderUnavailable("down")
        self.deleted += 1


@dataclass
class Chat:
    """Stands for a chat platform: keeps the latest card."""

    cards: list[Card] = field(default_factory=list)

    async def post_card(self, _channel: str, card: Card, _key: str, _confirm: Confirm) -> str:
        self.cards.append(card)
        return "1"

    async def update_card(
        self, _channel: str, _message: str, card: Card, _confirm: Confirm
    ) -> None:
        self.cards.append(card)

    @property
    def status(self) -> str:
        return "".join(str(part) for part in self.cards[-1].lines[0].value)


@dataclass
class Scene:
    watch: Watch
    runway: Runway
    chat: Chat
    clock: SetClock
    presenter: Presenter
    storage: SqlStorage
    quotas: SqlQuotas
    watched: Watched

    async def look(self, minutes: float) -> Job:
        """Look at the task so many minutes after it was made."""
        self.clock.at = START + timedelta(minutes=minutes)
        self.watched.job = await self.watch.look(self.watched)
        await asyncio.gather(*self.presenter.errands.under_way)  # it is shown
        return self.watched.job


@pytest.fixture
async def database(tmp_path: Path, migrated_copy: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await open_database(migrated_copy())
    yield opened
    await opened.close()


@pytest.fixture
async def scene(database: Database) -> Scene:
    clock, runway, chat = SetClock(), Runway(), Chat()
    storage, quotas = SqlStorage(database, DEFAULTS), SqlQuotas(database, DEFAULTS)
    replica = Replica(
        SqlReplicas(database, timedelta(days=9), alone=True), clock, timedelta(days=9)
    )
    await replica.join()
    presenter = Presenter({"slow": chat}, storage, load_catalog(), replica, clock, Pauses())
    estimates = Estimates([Timing("gen4_turbo", 5, 60.0)])
    watch = Watch(storage, runway, presenter, estimates, PATIENCE, clock)
    job = await storage.accept(_job(), (), START)
    job = await storage.advance(job, State.SUBMITTING, submitted_at=START)
    job = await storage.advance(job, State.RUNNING, task_id="task1")
    return Scene(watch, runway, chat, clock, presenter, storage, quotas, watch.begin(job))


def _job() -> Job:
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25, ratio="1280:720", duration=5
    )
    return Job("job1", ADA, "main", request, State.QUEUED, START)


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
    assert await scene.storage.untold() == []
    for minutes in (5.1, 6, 20):
        assert (await scene.look(minutes)).state is State.RUNNING
    assert "Taking much longer than usual" in scene.chat.status
    (told,) = await scene.storage.untold()
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


@pytest.mark.parametrize(("status", "charged"), [("RUNNING", 25), ("PENDING", 0)])
async def test_a_cancellation_that_was_sent_right_before_the_end_is_booked_as_what_it_was(
    scene: Scene, status: str, charged: int
) -> None:
    """The process dies after DELETE: the next look finds no task, and says who pays."""
    await scene.look(0)
    scene.runway.status, scene.runway.silent = status, True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.look(1)).state is State.RUNNING
    scene.runway.deleted = 1  # Runway had done it all the same
    found = await scene.storage.job("job1")
    assert found is not None
    scene.watched.job = found
    job = await scene.look(2)
    assert (job.state, job.charged) == (State.CANCELLED, charged)


@pytest.mark.parametrize(("status", "charged"), [("RUNNING", 25), ("PENDING", 0)])
async def test_a_cancellation_of_which_runways_answer_was_lost_is_booked_as_what_it_was(
    scene: Scene, status: str, charged: int
) -> None:
    """Nobody dies, and what was read of the job before is looked at again."""
    await scene.look(0)
    scene.runway.status, scene.runway.silent = status, True
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    assert (await scene.watch.look(scene.watched)).state is State.RUNNING
    scene.runway.deleted = 1  # Runway had done it all the same
    job = await scene.watch.look(scene.watched)
    assert (job.state, job.charged) == (State.CANCELLED, charged)
