"""Commands that are accepted at once by many members: the product's own way, and the plainest one."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import aiosqlite

from bot.credits import Allowance
from bot.jobs import Job, Member, State
from bot.ports import Once
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.engines.opening import open_database
from storage.rules import Defaults
from storage.storage import SqlStorage
from tests.postgres import running_server

MEMBERS = 200
CALLERS = 200
COMMANDS = 3000
REPEATS = 3
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# So that no limit of a member's comes before the last command.
DEFAULTS = Defaults(Allowance(1_000_000), 1_000, ZoneInfo("UTC"), Moderation())
# What the tests' server leaves out, as nothing of theirs has to survive a power cut.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")

Accept = Callable[[Job], Awaitable[object]]
Opened = Callable[[], AbstractAsyncContextManager[Accept]]


async def on_sqlite() -> float:
    """Accepted commands per second, with `synchronous=FULL`."""
    return await _best(_sqlite)


async def on_postgres() -> float:
    """Accepted commands per second on PostgreSQL, each on the disk when it is answered."""
    with running_server() as server:
        for setting in DURABLE:
            await server.run(f"ALTER SYSTEM RESET {setting}")
        await server.run("SELECT pg_reload_conf()")

        @asynccontextmanager
        async def opened() -> AsyncIterator[Accept]:
            url = await server.database()
            async with _product(url) as accept:
                yield accept

        return await _best(opened)


async def plainly() -> float:
    """The same rows for each command, with aiosqlite and a commit for each."""
    return await _best(_naive)


async def _best(opened: Opened) -> float:
    return max([await _rate(opened) for _ in range(REPEATS)])


async def _rate(opened: Opened) -> float:
    async with opened() as accept:
        jobs = iter([_job(number) for number in range(COMMANDS)])

        async def call() -> None:
            for job in jobs:
                await accept(job)

        began = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLERS)))
        return COMMANDS / (time.perf_counter() - began)


def _job(number: int) -> Job:
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25, ratio="1280:720", duration=5, seed=7
    )
    owner = Member("playground:local", f"member{number % MEMBERS}")
    return Job(f"job{number}", owner, "main", request, State.QUEUED, NOW)


@asynccontextmanager
async def _sqlite() -> AsyncIterator[Accept]:
    with TemporaryDirectory(prefix="dailies-bench-") as folder:
        async with _product(f"sqlite:///{folder}/dailies.db") as accept:
            yield accept


@asynccontextmanager
async def _naive() -> AsyncIterator[Accept]:
    """The same rows, each command in a transaction of its own and in the order it comes."""
    with TemporaryDirectory(prefix="dailies-bench-") as folder:
        path = Path(folder) / "dailies.db"
        await (await open_database(f"sqlite:///{path}")).close()
        async with aiosqlite.connect(path, isolation_level=None) as db:
            await db.execute("PRAGMA synchronous = FULL")
            turn = asyncio.Lock()

            async def accept(job: Job) -> None:
                async with turn:
                    await db.execute("BEGIN IMMEDIATE")
                    for statement, values in _rows(job):
                        await db.execute(statement, values)
                    await db.execute("COMMIT")

            yield accept


def _rows(job: Job) -> list[tuple[str, tuple[object, ...]]]:
    at, workspace, member = 0, job.owner.workspace, job.owner.id
    bucket, price = f"{workspace}|member|{member}", job.request.price
    return [
        ("INSERT INTO once VALUES (?, ?, ?)", (job.id, at, job.id)),
        (
            "INSERT INTO jobs (id, workspace, member, channel, request, model, state, cause, "
            "created_at, attempts, cancel_requested, told) "
            "VALUES (?, ?, ?, 'main', ?, ?, 'queued', 'command', ?, 0, 0, 0)",
            (job.id, workspace, member, job.request.to_json(), job.request.model, at),
        ),
        ("INSERT OR IGNORE INTO buckets VALUES (?, 0, 0)", (bucket,)),
        (
            "UPDATE buckets SET held = held + ? WHERE id = ? AND held + captured + ? <= 1000000",
            (price, bucket, price),
        ),
        ("INSERT INTO holds VALUES (?, ?, ?, ?, 0, 1)", (job.id, workspace, member, price)),
        ("INSERT INTO hold_legs VALUES (?, ?, 0, ?, 1)", (job.id, bucket, price)),
        (
            "INSERT INTO ledger (job, bucket, workspace, member, kind, held, captured, at) "
            "VALUES (?, ?, ?, ?, 'hold', ?, 0, ?)",
            (job.id, bucket, workspace, member, price, at),
        ),
    ]


@asynccontextmanager
async def _product(url: str) -> AsyncIterator[Accept]:
    database = await open_database(url)
    storage = SqlStorage(database, DEFAULTS)
    try:
        yield lambda job: storage.accept(job, [Once(f"event|{job.id}")], NOW)
    finally:
        await database.close()
