"""What is left of a run in three independent books (the simulator's, the chat's and ours), and what
of it would break the promise: no job lost, none made or posted twice, no credit unaccounted for.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Connection, Engine, NullPool, create_engine, select

from bot.jobs import Job, State
from storage.rows import job_of
from storage.schema import holds, jobs, ledger
from tests.ledger import sums_by_bucket
from tests.scenario.page import Message, shown_of

# One message tells the end; a cancelled job's card says it all.
ENDS_SHOWN = {State.CANCELLED: 0, State.UNDELIVERABLE: 0}


@dataclass(frozen=True)
class Books:
    """What the simulator wrote down: each create that was taken, and the task that it made."""

    creates: list[dict[str, Any]]
    tasks: dict[str, dict[str, Any]]

    @property
    def charged(self) -> int:
        return sum(task["cost"] for task in self.tasks.values())


@dataclass(frozen=True)
class Entry:
    """One row of the ledger."""

    job: str
    bucket: str
    kind: str
    held: int
    captured: int


@dataclass(frozen=True)
class Accounts:
    """Our own database: jobs, ledger, holds still open, and buckets that are not their sums."""

    jobs: list[Job]
    entries: list[Entry]
    open_holds: list[str] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    crooked: list[str] = field(default_factory=list)

    def captured(self, job_id: str, account: str = "member") -> int:
        """Credits of a job spent from an account: member (grants too), workspace, unreconciled."""
        accounts = ("member", "grant") if account == "member" else (account,)
        of_job = (e for e in self.entries if e.job == job_id)
        return sum(e.captured for e in of_job if e.bucket.split("|")[1] in accounts)

    def job(self, job_id: str) -> Job:
        return next(job for job in self.jobs if job.id == job_id)


async def until_task(session: aiohttp.ClientSession, url: str, status: str) -> None:
    """Return when the newest task at Runway has this status, within 20 s."""
    async with asyncio.timeout(20):
        while True:
            books = await read_books(session, url)
            if books.creates and books.tasks[books.creates[-1]["id"]]["status"] == status:
                return
            await asyncio.sleep(0.02)


async def read_books(session: aiohttp.ClientSession, url: str) -> Books:
    async with session.get(f"{url}/_simulator/books") as response:
        books = await response.json()
    return Books(books["creates"], {task["id"]: task for task in books["tasks"]})


def read_accounts(database: Path) -> Accounts:
    """Read everything in one transaction; the bot may be at work."""
    with _engine(database).connect() as connection:
        return accounts_of(connection)


@lru_cache(maxsize=2)
def _engine(database: Path) -> Engine:
    """What is asked again and again is put into words once; no connection stays open."""
    return create_engine(f"sqlite:///{database}", poolclass=NullPool)


def violations(
    books: Books, accounts: Accounts, messages: Sequence[Message], unseen: Collection[str] = ()
) -> list[str]:
    """Each broken promise of a run that came to rest; none is what every test wants.

    Of `unseen` jobs there is nothing left in the chat that could be looked at.
    """
    seen = [job for job in accounts.jobs if job.id not in unseen]
    return [
        *_unfinished(accounts),
        *_made_twice(books, accounts),
        *(text for job in seen for text in _posted_wrong(job, messages)),
        *_unbalanced(accounts),
        *_unaccounted(books, accounts),
    ]


def accounts_of(c: Connection) -> Accounts:
    """Everything of one moment, on either engine."""
    sums = sums_by_bucket(c)
    columns = (ledger.c.job, ledger.c.bucket, ledger.c.kind, ledger.c.held, ledger.c.captured)
    return Accounts(
        jobs=[job_of(row) for row in c.execute(select(jobs).order_by(jobs.c.seq)).mappings()],
        entries=[Entry(*row) for row in c.execute(select(*columns).order_by(ledger.c.seq))],
        open_holds=list(c.execute(select(holds.c.job).where(holds.c.open == 1)).scalars()),
        held={row["id"]: row["held"] for row in sums if row["held"]},
        crooked=[
            row["id"]
            for row in sums
            if (row["held"], row["captured"]) != (row["entries_held"], row["entries_captured"])
        ],
    )


def _unfinished(accounts: Accounts) -> Iterable[str]:
    for job in accounts.jobs:
        if not job.state.is_over:
            yield f"lost: {job.id} is {job.state}"
        elif not job.told:
            yield f"lost: the end of {job.id} ({job.state}) was not told"


def _made_twice(books: Books, accounts: Accounts) -> Iterable[str]:
    known = {job.task_id for job in accounts.jobs}
    strangers = sum(create["id"] not in known for create in books.creates)
    uncertain = sum(job.task_id is None and job.state is State.UNCERTAIN for job in accounts.jobs)
    if strangers > uncertain:
        yield f"created twice: {strangers} tasks that no job knows, {uncertain} uncertain jobs"


def _posted_wrong(job: Job, messages: Sequence[Message]) -> Iterable[str]:
    shown = shown_of(messages, job.id)
    if len(shown.cards) != 1:
        yield f"{job.id} has {len(shown.cards)} cards"
    elif shown.state != job.state:
        yield f"the card of {job.id} says {shown.state}, the job is {job.state}"
    if len(shown.ends) != ENDS_SHOWN.get(job.state, 1):
        yield f"{job.id} is {job.state} and was posted {len(shown.ends)} times"


def _unbalanced(accounts: Accounts) -> Iterable[str]:
    yield from (f"bucket {name} is not the sum of its entries" for name in accounts.crooked)
    yield from (f"{amount} still held in {name}" for name, amount in accounts.held.items())
    yield from (f"the hold of {job_id} is open" for job_id in accounts.open_holds)
    counts = Counter((e.job, e.bucket, e.kind) for e in accounts.entries if e.job)
    yield from (f"{key} is in the ledger {n} times" for key, n in counts.items() if n > 1)
    for job in accounts.jobs:
        if (job.charged or 0) != accounts.captured(job.id):
            yield f"{job.id} says {job.charged}, the ledger {accounts.captured(job.id)}"


def _unaccounted(books: Books, accounts: Accounts) -> Iterable[str]:
    """Runway's charges and our captures agree, apart from jobs that are marked unreconciled."""
    for job in accounts.jobs:
        open_question = accounts.captured(job.id, "unreconciled")
        ours = accounts.captured(job.id) + accounts.captured(job.id, "workspace")
        task = books.tasks.get(job.task_id or "")
        theirs = task["cost"] if task else 0
        if ours != theirs and not open_question:
            yield f"{job.id} ({job.state}): Runway charged {theirs}, we booked {ours}"
