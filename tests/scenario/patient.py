"""One job that Runway is at work on, with a clock, a Runway and a chat in a test's hands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cards.presenter import Presenter
from bot.catalog import load_catalog
from bot.credits import Allowance
from bot.errors import ProviderUnavailable, TaskGone
from bot.jobs import Job, Member, State
from bot.ports import Confirm, Task, Timing
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest, Operation
from bot.steps.watch import Watch, Watched
from bot.timing.estimates import Estimates
from bot.timing.patience import Patience
from bot.timing.pauses import Pauses
from bot.views import Card
from storage.database import Database
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
    garbled: bool = False
    outputs: tuple[str, ...] = ()
    # What happens while its answer is on its way.
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def task(self, task_id: str) -> Task:
        if self.deleted or self.gone:
            raise TaskGone(task_id)
        if self.garbled:
            raise ProviderUnavailable("the answer made no sense")
        progress = 0.4 if self.status == "RUNNING" else None
        answer = Task(task_id, self.status, progress=progress, outputs=self.outputs)
        if self.meanwhile is not None:
            await self.meanwhile()
        return answer

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


async def set_scene(database: Database) -> Scene:
    """A job whose task was made at the start."""
    clock, runway, chat = SetClock(), Runway(), Chat()
    storage, quotas = SqlStorage(database, DEFAULTS), SqlQuotas(database, DEFAULTS)
    replica = Replica(
        SqlReplicas(database, timedelta(days=9), alone=True), clock, timedelta(days=9)
    )
    await replica.join()
    presenter = Presenter({"slow": chat}, storage, load_catalog(), replica, clock, Pauses())
    estimates = Estimates([Timing("gen4_turbo", 5, 60.0)])
    watch = Watch(storage, runway, presenter, estimates, PATIENCE, replica, clock)
    job = await storage.accept(_job(), (), START)
    job = await storage.advance(job, State.SUBMITTING, submitted_at=START)
    await storage.advance(job, State.RUNNING, task_id="task1")
    (job,) = await storage.take_over(replica.id, 1)
    return Scene(watch, runway, chat, clock, presenter, storage, quotas, watch.begin(job))


def _job() -> Job:
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25, ratio="1280:720", duration=5
    )
    return Job("job1", ADA, "main", request, State.QUEUED, START)
