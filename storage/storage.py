"""The core's Storage port on SQL: each method is one transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.credits import Outcome
from bot.errors import ConfigError
from bot.jobs import Job, Member, State
from bot.ports import AtRunway, Once, Timing, Untold, Waiting
from storage import jobs, notices
from storage.database import Database, SqliteDatabase
from storage.migrations import upgrade
from storage.rules import Defaults

# As many notices as are read at once; the rest comes next time.
MOST_UNTOLD = 100


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

    async def first_time(self, once: Once, now: datetime) -> bool:
        return await self._db.write(lambda c: jobs.first_time(c, once, "", now))

    async def accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str] = ()
    ) -> Job:
        return await self._db.write(lambda c: jobs.accept(c, job, once, now, self._defaults, roles))

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
        return await self._db.write(
            lambda c: jobs.finish(c, job, to, outcome, now, cost, changes, self._defaults)
        )

    async def untold(self) -> list[Untold]:
        return await self._db.read(partial(notices.untold, limit=MOST_UNTOLD))

    async def told(self, key: str) -> None:
        await self._db.write(partial(notices.mark_told, key=key))
