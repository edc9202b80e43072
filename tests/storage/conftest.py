"""A real SQLite file for each test, and makers of jobs and of storages with their defaults."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from sqlalchemy import update

from bot.credits import Allowance, Period
from bot.jobs import Job, Member, State
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.database import Database
from storage.engines.opening import open_database
from storage.replica_tables import replicas as replica_table
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from tests.outside import Row, ask
from tests.storage.books import Rows

settings.register_profile("storage", deadline=None)
settings.load_profile("storage")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORKSPACE = "playground:local"
LEASE = timedelta(seconds=30)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def storing(database: Database) -> Callable[..., Rows]:
    """A storage with these configured defaults."""

    def make(
        credits: int | None = 500, period: Period = Period.MONTH, jobs: int = 3, zone: str = "UTC"
    ) -> Rows:
        allowance = Allowance(credits, period)
        return Rows(database, Defaults(allowance, jobs, ZoneInfo(zone), Moderation()))

    return make


@pytest.fixture
def storage(storing: Callable[..., Rows]) -> Rows:
    return storing()


@pytest.fixture(scope="session")
def member() -> Callable[..., Member]:
    return lambda id="ada", workspace=WORKSPACE: Member(workspace, id)


@pytest.fixture(scope="session")
def new(member: Callable[..., Member]) -> Callable[..., Job]:
    """A job that was just asked for."""

    def make(
        id: str = "job1",
        price: int = 25,
        owner: str = "ada",
        workspace: str = WORKSPACE,
        model: str = "gen4_turbo",
        now: datetime = NOW,
    ) -> Job:
        request = GenerationRequest(
            Operation.IMAGE_TO_VIDEO, model, "a fox", price, ratio="1280:720", duration=5, seed=7
        )
        return Job(id, member(owner, workspace), "main", request, State.QUEUED, now)

    return make


@pytest.fixture
def rows(database_url: str, database: Database) -> Callable[..., list[Row]]:
    """Asks the database itself, behind the back of everything that is tested."""
    return partial(ask, database_url)


@pytest.fixture
def booked(rows: Callable[..., list[Row]]) -> Callable[[], dict[str, tuple]]:
    """Held and captured of every bucket, after a check that they are the sums of their entries."""

    def read() -> dict[str, tuple]:
        buckets = {id: (held, spent) for id, held, spent in rows("SELECT * FROM buckets")}
        sums = rows("SELECT bucket, sum(held), sum(captured) FROM ledger GROUP BY bucket")
        entries = {id: (held, spent) for id, held, spent in sums}
        assert {id: both for id, both in buckets.items() if both != (0, 0)} == {
            id: both for id, both in entries.items() if both != (0, 0)
        }
        return buckets

    return read


@pytest.fixture
async def join(database_url):
    """Replicas join, each with connections of its own as processes have them."""
    async with AsyncExitStack() as stack:

        async def joined() -> SqlReplicas:
            database = await open_database(database_url)
            stack.push_async_callback(database.close)
            replica = SqlReplicas(database, LEASE, alone=False)
            await replica.join()
            return replica

        yield joined


@pytest.fixture
def die(database):
    """A replica's lease runs out: it has not renewed it for too long."""

    async def run_out(replica: SqlReplicas) -> None:
        ended = update(replica_table).where(replica_table.c.id == replica.id).values(lease_until=1)
        await database.write(lambda c: c.execute(ended) and None)

    return run_out
