"""What is asked all day, of a database with few old jobs and of one with many."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import quantiles
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bot.credits import Allowance
from bot.jobs import Job, Member, State
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.database import Database
from storage.engines.opening import open_database
from storage.quota import SqlQuotas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.schema import jobs
from storage.storage import SqlStorage
from tests.benchmarks.past import ADA, LEASE, MEMBERS, NOW, WORKSPACE, remember

FEW = 1_000
ROUNDS = 150
# Of the members' jobs so many are at work, and so many more wait.
RUNNING, QUEUED = 20, 100
DEFAULTS = Defaults(Allowance(1_000_000), 1_000, ZoneInfo("UTC"), Moderation())


class Place:
    """A database with its old jobs, and some that are not over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.storage = SqlStorage(database, DEFAULTS)
        self.quotas = SqlQuotas(database, DEFAULTS)
        self.replicas = SqlReplicas(database, LEASE, alone=True)

    async def furnish(self) -> None:
        await self.replicas.join()
        for number in range(RUNNING + QUEUED):
            job = await self.storage.accept(_job(number), [], NOW)
            if number < RUNNING:
                job = await self.storage.advance(job, State.SUBMITTING)
                await self.storage.advance(job, State.RUNNING, task_id=f"now{number}")

    async def history(self) -> object:
        return await self.storage.recent(ADA, 10)

    async def credits(self) -> object:
        return await self.quotas.statement(ADA, NOW, (), 10)

    async def dispatch(self) -> object:
        """Look at the queue, and ask for turns of which there are none."""
        return [
            await self.storage.lines(),
            await self.storage.take_turns(self.replicas.id, {}),
        ]

    async def claim(self) -> object:
        """Take over what nobody holds."""
        taken = await self.storage.take_over(self.replicas.id, RUNNING)
        assert len(taken) == RUNNING
        return await self.storage.held(self.replicas.id)

    async def abandon(self) -> None:
        """Let go of every job at work, as if its holder had died."""
        gone = update(jobs).where(jobs.c.told == 0, jobs.c.state == State.RUNNING.value)
        await self._database.write(lambda c: c.execute(gone.values(holder=None)).rowcount)


ASKED: dict[str, Callable[[Place], Awaitable[object]]] = {
    "/history": Place.history,
    "/credits": Place.credits,
    "dispatch": Place.dispatch,
    "claim": Place.claim,
}


async def slower(few_url: str, many_url: str, many_jobs: int) -> dict[str, float]:
    """How many times as long each question takes with many old jobs as with few."""
    await remember(few_url, FEW)
    await remember(many_url, many_jobs)
    async with _opened(few_url) as few, _opened(many_url) as many:
        return {name: await _ratio(ask, few, many) for name, ask in ASKED.items()}


async def _ratio(ask: Callable[[Place], Awaitable[object]], few: Place, many: Place) -> float:
    seconds: dict[Place, list[float]] = {few: [], many: []}
    for number in range(ROUNDS):
        # In turn, and each first as often: whatever else the machine does meets both.
        for place in (few, many) if number % 2 else (many, few):
            if ask is Place.claim:
                await place.abandon()
            began = time.perf_counter()
            await ask(place)
            seconds[place].append(time.perf_counter() - began)
    # The lower quartile: what else the machine does only ever adds.
    return quantiles(seconds[many], n=4)[0] / quantiles(seconds[few], n=4)[0]


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Place]:
    database = await open_database(url)
    try:
        place = Place(database)
        await place.furnish()
        yield place
    finally:
        await database.close()


def _job(number: int) -> Job:
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25, ratio="1280:720", duration=5, seed=7
    )
    owner = Member(WORKSPACE, f"member{number % MEMBERS}")
    return Job(f"new{number}", owner, "main", request, State.QUEUED, NOW)
