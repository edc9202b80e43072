"""A real database with the books in it, and a clock that tests set."""

import argparse
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.clock import SystemClock
from bot.commandline.quota import run_quota
from bot.commandline.quota_arguments import add_quota_arguments
from bot.credits import Allowance, Balance, Outcome
from bot.jobs import Job, Member, State
from bot.ports import Untold
from bot.quotas import Change, Moderation, Rule
from bot.requests import GenerationRequest, Operation
from storage.database import Database
from storage.engines.opening import open_database
from storage.quota import SqlQuotas
from storage.rules import Defaults
from storage.schema import ledger
from storage.storage import SqlStorage
from tests.ledger import sums_by_bucket

WORKSPACE = "playground:local"
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEFAULTS = Defaults(Allowance(100), 1000, ZoneInfo("UTC"), Moderation())


class Books:
    """Accepts and settles jobs as the core does; `now` is whatever a test says it is."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        self.database = database
        self.storage = SqlStorage(database, defaults)
        self.quotas = SqlQuotas(database, defaults)
        self.now = START
        self._ids = (f"job{number}" for number in itertools.count())

    def job(self, member: str, price: int, channel: str = "dailies") -> Job:
        request = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", price)
        owner = Member(WORKSPACE, member)
        return Job(next(self._ids), owner, channel, request, State.QUEUED, self.now)

    async def accept(
        self, member: str, price: int, *, channel: str = "dailies", roles: tuple[str, ...] = ()
    ) -> Job:
        return await self.storage.accept(self.job(member, price, channel), (), self.now, roles)

    async def deliver(self, job: Job, cost: int | None = None) -> Job:
        for state in (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING):
            job = await self.storage.advance(job, state)
        return await self.storage.finish(
            job, State.DELIVERED, Outcome.DELIVERED, self.now, cost, told=True
        )

    async def fail(self, job: Job, code: str, cost: int = 0) -> Job:
        job = await self.storage.advance(job, State.SUBMITTING)
        return await self.storage.finish(
            job, State.FAILED, Outcome.INPUT_REFUSED, self.now, cost, failure=code
        )

    async def rule(self, scope: str, allowance: Allowance) -> None:
        await self.quotas.set_rules([(WORKSPACE, Rule(allowance, scope))], self.change())

    async def grant(self, member: str, credits: int, days: int | None = None) -> None:
        expires_at = self.now + timedelta(days=days) if days else None
        await self.quotas.grant(Member(WORKSPACE, member), credits, expires_at, self.change())

    def change(self, why: str | None = None) -> Change:
        return Change("ada", self.now, why)

    async def balance(self, member: str, roles: tuple[str, ...] = ()) -> Balance:
        return await self.quotas.balance(Member(WORKSPACE, member), self.now, roles)

    async def totals(self) -> tuple[int, int]:
        """Everything that members paid, and everything that was booked to the workspace."""
        spent = select(func.coalesce(func.sum(ledger.c.captured), 0))
        paid = spent.where(ledger.c.member.is_not(None), ledger.c.kind == "capture")
        own = [f"{WORKSPACE}|workspace", f"{WORKSPACE}|unreconciled"]
        booked = spent.where(ledger.c.bucket.in_(own))
        return await self.database.read(
            lambda c: (c.execute(paid).scalar_one(), c.execute(booked).scalar_one())
        )

    async def untold(self, platform: str = "playground") -> Sequence[Untold]:
        return await self.storage.untold([platform])

    async def check(self) -> None:
        """Every bucket is the sum of its entries."""
        for row in await self.database.read(sums_by_bucket):
            assert (row["held"], row["captured"]) == (row["entries_held"], row["entries_captured"])


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    database = await open_database(database_url)
    yield Books(database, DEFAULTS)
    await database.close()


@pytest.fixture
async def open_books(tmp_path: Path) -> AsyncIterator[Callable[..., "object"]]:
    """Books with other defaults: `await open_books(jobs_in_flight=1)`."""
    databases: list[Database] = []

    async def open_(**changes: object) -> Books:
        database = await open_database(f"sqlite:///{tmp_path / f'{len(databases)}.db'}")
        databases.append(database)
        return Books(database, replace(DEFAULTS, **changes))

    yield open_
    for database in databases:
        await database.close()


@pytest.fixture
def books_type() -> type[Books]:
    return Books


@pytest.fixture
def defaults() -> Defaults:
    return DEFAULTS


@pytest.fixture
def dailies(books: Books) -> Callable[..., Awaitable[str]]:
    """Runs `dailies quota …` beside the books."""
    parser = argparse.ArgumentParser()
    add_quota_arguments(parser)

    async def run(*words: str) -> str:
        arguments = parser.parse_args(["--workspace", WORKSPACE, *words])
        return await run_quota(arguments, books.quotas)

    # The command line asks the real clock.
    books.now = SystemClock().now()
    return run
