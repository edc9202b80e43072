"""The core's Storage port on SQL: each method is one transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.credits import Allowance, Balance, Movement, Outcome
from bot.errors import ConfigError
from bot.jobs import Job, Member, State
from bot.ports import AtRunway, Once, Timing, Waiting
from storage import jobs, ledger
from storage.budgets import begin_budget
from storage.database import Database, SqliteDatabase
from storage.ledger import Defaults
from storage.migrations import upgrade


def database_path(url: str) -> Path:
    """The file at an SQLAlchemy address; raises ConfigError when it names none."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigError(f"storage.url: that is no address of a database. {_USE}") from None
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        raise ConfigError(
            f"storage.url: {address.render_as_string()} is not a database that Dailies can use. "
            f"{_USE}"
        )
    return Path(address.database or "")


_USE = "Use sqlite:///path/to/dailies.db."


async def open_database(url: str) -> Database:
    """Open the database at an SQLAlchemy address and bring it to today's tables."""
    path = database_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(path)
    try:
        await database.write(upgrade)
    except BaseException:
        await database.close()
        raise
    return database


class SqlStorage:
    """Implements bot.ports.Storage."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        self._db = database
        self._defaults = defaults

    async def accept(self, job: Job, once: Sequence[Once], now: datetime) -> Job:
        return await self._db.write(lambda c: jobs.accept(c, job, once, now, self._defaults))

    async def job(self, job_id: str) -> Job | None:
        return await self._db.read(partial(jobs.find_or_none, job_id=job_id))

    async def unfinished(self) -> list[Job]:
        return await self._db.read(jobs.unfinished)

    async def recent(self, owner: Member, limit: int) -> list[Job]:
        return await self._db.read(partial(jobs.recent, owner=owner, limit=limit))

    async def active(self, workspace: str) -> list[Job]:
        return await self._db.read(partial(jobs.active, workspace=workspace))

    async def waiting(self) -> list[Waiting]:
        return await self._db.read(jobs.waiting)

    async def at_runway(self) -> list[AtRunway]:
        return await self._db.read(jobs.at_runway)

    async def timings(self, limit: int) -> list[Timing]:
        return await self._db.read(partial(jobs.timings, limit=limit))

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        return await self._db.write(lambda c: jobs.advance(c, job, to, changes))

    async def note(self, job_id: str, **changes: Any) -> Job:
        return await self._db.write(lambda c: jobs.note(c, job_id, changes))

    async def finish(
        self,
        job: Job,
        to: State,
        outcome: Outcome,
        now: datetime,
        cost: int | None = None,
        **changes: Any,
    ) -> Job:
        return await self._db.write(lambda c: jobs.finish(c, job, to, outcome, now, cost, changes))

    async def balance(self, member: Member, now: datetime) -> Balance:
        return await self._db.read(lambda c: ledger.balance_of(c, member, now, self._defaults))

    async def movements(self, member: Member, limit: int) -> list[Movement]:
        return await self._db.read(lambda c: ledger.movements_of(c, member, limit))

    async def holds(self, member: Member) -> list[tuple[str, int]]:
        return await self._db.read(lambda c: ledger.open_holds_of(c, member))

    async def set_allowance(
        self, workspace: str, scope: str, allowance: Allowance, by: Member, now: datetime
    ) -> None:
        def transaction(c: Connection) -> None:
            ledger.set_allowance(c, workspace, scope, allowance, by, now)
            if scope == "workspace":
                begin_budget(c, workspace, allowance, now, self._defaults)

        await self._db.write(transaction)

    async def allowance(self, workspace: str, scope: str) -> Allowance | None:
        return await self._db.read(lambda c: ledger.allowance_of(c, workspace, scope))
