"""What begins in mid period or is approved counts each job once, whatever two replicas do at once.

One replica's transaction is open while the other's runs; PostgreSQL alone lets them.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.credits import Allowance, Outcome, Period
from bot.desk.acceptance import draft_of, job_of
from bot.drafts import Draft, DraftState
from bot.jobs import Job, State
from bot.quotas import Change
from storage.engines.opening import address_of, open_database
from tests.storage.books import Rows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE = "playground:local"
BUDGET = f"{HERE}|budget|month|2026-11-01"
TODAY = f"{HERE}|member|ada|day|2026-11-22"
DAILY = ("role-by-the-day",)
_WAITS = text(
    "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)
_HOLD = text("SELECT job FROM holds WHERE job = :id FOR UPDATE")
_FREE = text("SELECT id FROM buckets WHERE id = :id FOR UPDATE SKIP LOCKED")


class Unfinished:
    """A database whose transactions are one, until the test ends it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def write(self, transaction):
        return await self._connection.run_sync(transaction)

    read = write


@pytest.fixture
async def database_url(postgres) -> AsyncIterator[str]:
    url = await postgres.database()
    yield url
    await postgres.give_back(url)


@pytest.fixture
async def database(database_url):
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def connection(database_url) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(address_of(database_url))
    async with engine.connect() as opened:
        yield opened
    await engine.dispose()


@pytest.fixture
def open_replica(connection, storage) -> Rows:
    """A replica that does not come to its commit."""
    return Rows(Unfinished(connection), storage._defaults)


@pytest.fixture
def begun(connection):
    """Begin something that comes to its end, or waits for the open transaction."""

    async def run(second: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        task = asyncio.create_task(second)
        while not task.done():
            if (await connection.execute(_WAITS)).all():
                break
            await asyncio.sleep(0.01)
        return task

    return run


@pytest.fixture
def meanwhile(connection, begun):
    """Run something while the other's transaction is open, until it is done."""

    async def run(second: Coroutine[Any, Any, object]) -> None:
        task = await begun(second)
        await connection.commit()
        await task

    return run


@pytest.fixture
def made(storage, new):
    """A job that is at work, up to its last step."""

    async def accepted() -> Job:
        job = await storage.accept(new(), [], NOW)
        for state in (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING):
            job = await storage.advance(job, state)
        return job

    return accepted


@pytest.fixture
async def by_the_day(storage, member) -> None:
    """Whoever has a role counts by the day, not by the month any more."""
    allowance = Allowance(100, Period.DAY)
    await storage.set_allowance(HERE, f"role:{DAILY[0]}", allowance, member("admin"), NOW)


def delivers(replica: Rows, job: Job):
    return replica.finish(job, State.DELIVERED, Outcome.DELIVERED, NOW, 25)


async def asks(storage: Rows, job: Job) -> Draft:
    """A question to the admins, whether a job may run."""
    return await storage.quotas.save_draft(draft_of(job, DraftState.ASKED, NOW), [], NOW)


def approves(replica: Rows, draft: Draft):
    job, change = job_of(draft, NOW), Change("admin", NOW)
    return replica.quotas.approve_draft(draft, job, change, 0, [])


def sets_a_budget(replica: Rows, member, period: Period = Period.MONTH):
    return replica.set_allowance(HERE, "workspace", Allowance(100, period), member("admin"), NOW)


async def test_a_job_that_was_just_settled_when_a_budget_begins_is_counted(
    open_replica, storage, made, member, meanwhile, booked
):
    await delivers(open_replica, await made())
    await meanwhile(sets_a_budget(storage, member))
    assert booked()[BUDGET] == (0, 25)


async def test_a_job_that_ends_while_a_budget_begins_is_settled_in_it(
    open_replica, storage, made, member, meanwhile, booked
):
    job = await made()
    await sets_a_budget(open_replica, member)
    await meanwhile(delivers(storage, job))
    assert booked()[BUDGET] == (0, 25)


async def test_a_job_that_was_just_accepted_when_a_budget_begins_is_counted(
    open_replica, storage, new, member, meanwhile, booked
):
    await open_replica.accept(new(), [], NOW)
    await meanwhile(sets_a_budget(storage, member))
    assert booked()[BUDGET] == (25, 0)


async def test_a_job_that_is_asked_for_while_a_budget_begins_is_counted(
    open_replica, storage, new, member, meanwhile, booked
):
    await sets_a_budget(open_replica, member)
    await meanwhile(storage.accept(new(), [], NOW))
    assert booked()[BUDGET] == (25, 0)


async def test_a_job_that_was_just_accepted_when_the_time_zone_changes_is_counted(
    open_replica, storage, new, member, meanwhile, booked
):
    await storage.set_allowance(HERE, "workspace", Allowance(100, Period.DAY), member(), NOW)
    await open_replica.accept(new(), [], NOW)
    zone = {"time_zone": "Pacific/Auckland"}
    await meanwhile(storage.quotas.change_settings(HERE, zone, Change("admin", NOW)))
    assert booked()[f"{HERE}|budget|day|2026-11-23"] == (25, 0)


@pytest.mark.usefixtures("by_the_day")
async def test_a_job_that_was_just_settled_counts_in_the_members_other_period(
    open_replica, storage, made, new, meanwhile, booked
):
    await delivers(open_replica, await made())
    await meanwhile(storage.accept(new("job2", 10), [], NOW, DAILY))
    assert booked()[TODAY] == (10, 25)


@pytest.mark.usefixtures("by_the_day")
async def test_a_job_that_ends_while_the_members_other_period_begins_is_settled_in_it(
    open_replica, storage, made, new, meanwhile, booked
):
    job = await made()
    await open_replica.accept(new("job2", 10), [], NOW, DAILY)
    await meanwhile(delivers(storage, job))
    assert booked()[TODAY] == (10, 25)


@pytest.mark.usefixtures("by_the_day")
async def test_a_reset_in_another_period_holds_nothing_that_was_just_settled(
    open_replica, storage, made, member, meanwhile, booked
):
    await delivers(open_replica, await made())
    await meanwhile(storage.quotas.reset(member(), Change("admin", NOW), DAILY))
    assert booked()[TODAY] == (0, 0)


@pytest.mark.usefixtures("by_the_day")
async def test_a_reset_while_the_time_zone_changes_keeps_what_is_held_of_the_other_day(
    open_replica, storage, new, member, meanwhile
):
    last_night = NOW - timedelta(hours=14)  # in Tokyo it was this morning
    await storage.accept(new(now=last_night), [], last_night, DAILY)
    zone, change = {"time_zone": "Asia/Tokyo"}, Change("admin", NOW)
    await open_replica.quotas.change_settings(HERE, zone, change)
    await meanwhile(storage.quotas.reset(member(), change, DAILY))
    assert (await storage.balance(member(), NOW, DAILY)).held == 25


@pytest.mark.usefixtures("by_the_day")
async def test_whoever_waits_for_a_settlement_keeps_no_bucket_from_it(
    connection, storage, made, new, member, begun
):
    """It takes its hold first, and the budget that all members share after that."""
    job = await made()
    await sets_a_budget(storage, member)
    await connection.execute(_HOLD, {"id": job.id})
    asked = await begun(storage.accept(new("job2", 10), [], NOW, DAILY))
    assert (await connection.execute(_FREE, {"id": BUDGET})).scalars().all() == [BUDGET]
    await connection.rollback()
    await asked


@pytest.mark.parametrize("periods", [(Period.DAY, Period.MONTH), (Period.MONTH, Period.DAY)])
async def test_settlements_take_budgets_in_one_order_whichever_began_to_count_first(
    connection, storage, made, member, begun, periods
):
    await sets_a_budget(storage, member, periods[0])
    job = await made()
    await sets_a_budget(storage, member, periods[1])
    await connection.execute(_FREE, {"id": BUDGET.replace("month|2026-11-01", "day|2026-11-22")})
    settling = await begun(delivers(storage, job))
    assert (await connection.execute(_FREE, {"id": BUDGET})).scalars().all() == [BUDGET]
    await connection.rollback()
    await settling


async def test_a_members_second_question_is_given_what_the_first_one_takes(
    open_replica, storage, new, member, meanwhile
):
    first, second = [await asks(storage, new(id, 400)) for id in ("job1", "job2")]
    await approves(open_replica, first)
    await meanwhile(approves(storage, second))
    balance = await storage.balance(member(), NOW)
    assert (balance.held + sum(grant.held for grant in balance.grants), balance.left) == (800, 0)
