"""Which job a message of a chat belongs to, and which events were honoured."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from bot.ports import Once
from storage.database import Database
from storage.jobs import first_time, made_by
from storage.rows import from_micros, to_micros, upsert
from storage.schema import jobs, once

# Workspace, id of the job, message.
Shown = tuple[str, str, str]
Between = tuple[datetime, datetime]


class SqlEventLog:
    """Implements bot.ports.EventLog."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def job_of(self, workspace: str, message: str) -> str | None:
        """The id of the job whose card or result a message is."""
        return await self._db.read(lambda c: _job_of(c, workspace, message))

    async def recent(self, platform: str, since: datetime, limit: int) -> list[Shown]:
        """The results since a moment, and the cards of the jobs at work; the newest jobs first."""
        return await self._db.read(lambda c: _recent(c, platform, since, limit))

    async def honoured(
        self, workspace: str, events: Sequence[str], between: Between | None = None
    ) -> set[str]:
        """Those of the events that something was done for, or that were refused; ever, or then."""
        return await self._db.read(lambda c: _honoured(c, workspace, events, between))

    async def note(self, workspace: str, event: str, now: datetime) -> None:
        """Write down that nothing more is to be done for an event."""
        await self._db.write(lambda c: _note(c, workspace, event, now))

    async def claim(self, key: str, window: timedelta, now: datetime) -> bool:
        """Take what may be had once in a window, by whichever process; False when it is taken."""
        return await self._db.write(lambda c: first_time(c, Once(key, window), "", now))

    async def began(self, key: str, now: datetime) -> datetime:
        """When this was asked for the first time."""
        return await self._db.write(lambda c: _began(c, Once(key), now))

    async def first(self, workspace: str, event: str, replica: str, now: datetime) -> str:
        """The replica that was told of an event first: this one, unless another was."""
        return await self._db.write(lambda c: _first(c, workspace, event, replica, now))


def _job_of(c: Connection, workspace: str, message: str) -> str | None:
    shows = or_(jobs.c.result == message, jobs.c.card == message)
    query = select(jobs.c.id).where(shows, jobs.c.workspace == workspace).limit(1)
    found: str | None = c.execute(query).scalar()
    return found


def _recent(c: Connection, platform: str, since: datetime, limit: int) -> list[Shown]:
    found = recent_jobs(c, platform, since, limit)
    return [(row.workspace, row.id, row.result or row.card) for row in found]


def recent_jobs(c: Connection, platform: str, since: datetime, limit: int) -> Sequence[Any]:
    """The jobs with a result since a moment, and those at work with a card; the newest first."""
    columns = (jobs.c.id, jobs.c.workspace, jobs.c.channel, jobs.c.card, jobs.c.result)
    finished = (jobs.c.finished_at >= to_micros(since)) & jobs.c.result.is_not(None)
    at_work = (jobs.c.told == 0) & jobs.c.card.is_not(None)
    query = (
        select(*columns)
        .where(jobs.c.workspace.startswith(f"{platform}:", autoescape=True), finished | at_work)
        .order_by(jobs.c.seq.desc())
        .limit(limit)
    )
    return c.execute(query).all()


def _honoured(
    c: Connection, workspace: str, events: Sequence[str], between: Between | None
) -> set[str]:
    keys = {_key(workspace, event): event for event in events}
    query = select(once.c.key).where(once.c.key.in_(list(keys)))
    if between is not None:
        query = query.where(once.c.at.between(to_micros(between[0]), to_micros(between[1])))
    return {keys[key] for key in c.execute(query).scalars()}


def _note(c: Connection, workspace: str, event: str, now: datetime) -> None:
    values = {"at": to_micros(now), "job": ""}
    c.execute(upsert(c, once, {"key": _key(workspace, event)}, values, replace=False))


def _began(c: Connection, key: Once, now: datetime) -> datetime:
    first_time(c, key, "", now)
    return from_micros(c.execute(select(once.c.at).where(once.c.key == key.key)).scalar_one())


def _first(c: Connection, workspace: str, event: str, replica: str, now: datetime) -> str:
    key = Once(_key(workspace, event))
    return replica if first_time(c, key, replica, now) else made_by(c, key)


def _key(workspace: str, event: str) -> str:
    """As bot.desk.acceptance writes the key of an event into a job's transaction."""
    return f"{workspace}|event|{event}"
