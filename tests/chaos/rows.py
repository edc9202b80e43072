"""The database as the harness reads it, beside the replicas and without their wires."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, select

from bot.jobs import State
from storage.clock import db_now
from storage.database import Database
from storage.engines.opening import open_database
from storage.replica_tables import replicas
from storage.schema import chat_messages, jobs, once, receipts
from tests.scenario.evidence import Accounts, accounts_of
from tests.scenario.page import Message

T = TypeVar("T")


@dataclass(frozen=True)
class Held:
    """A job that a replica carried at some moment."""

    id: str
    fence: int


class Rows:
    """Questions to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, url: str) -> "Rows":
        return cls(await open_database(url))

    async def close(self) -> None:
        await self._database.close()

    async def ask(self, question: Callable[[Connection], T]) -> T:
        return await self._database.read(question)

    async def write(self, change: Callable[[Connection], T]) -> T:
        return await self._database.write(change)

    async def unfinished(self) -> int:
        query = select(func.count()).where(jobs.c.told == 0)
        return await self.ask(lambda c: c.execute(query).scalar_one())

    async def cancellable(self, limit: int) -> list[tuple[str, str]]:
        """Some jobs that are on their way, with their owners."""
        states = (State.QUEUED.value, State.SUBMITTING.value, State.RUNNING.value)
        query = select(jobs.c.id, jobs.c.member).where(jobs.c.told == 0, jobs.c.state.in_(states))
        return await self.ask(lambda c: [tuple(row) for row in c.execute(query.limit(limit))])

    async def held_by(self, replica: str) -> list[Held]:
        """What a replica carries, if its lease runs."""
        live = select(replicas.c.id).where(replicas.c.lease_until > db_now())
        query = select(jobs.c.id, jobs.c.fence).where(
            jobs.c.told == 0,
            jobs.c.state != State.QUEUED.value,
            jobs.c.holder == replica,
            jobs.c.holder.in_(live),
        )
        return await self.ask(lambda c: [Held(*row) for row in c.execute(query)])

    async def taken(self, ids: Sequence[str]) -> dict[str, tuple[int, int | None]]:
        """Fence, and the moment when the holder took it (µs since 1970), of each job."""
        query = select(jobs.c.id, jobs.c.fence, jobs.c.taken_at).where(jobs.c.id.in_(ids))
        return await self.ask(lambda c: {row[0]: (row[1], row[2]) for row in c.execute(query)})

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Whole rows, to look into what went wrong."""
        return await self.ask(lambda c: {table.name: _rows(c, table) for table in (jobs, receipts)})

    async def accounts(self) -> Accounts:
        return await self.ask(accounts_of)

    async def messages(self) -> list[Message]:
        """Every message that the chat ever took, as its page would show them."""
        return await self.ask(_messages)

    async def jobs_of_events(self) -> dict[str, str]:
        """The job that each event made."""
        query = select(once.c.key, once.c.job).where(once.c.key.like("%|event|%"))
        rows: Sequence[Any] = await self.ask(lambda c: c.execute(query).all())
        return {row.key.rpartition("|")[2]: row.job for row in rows}


def _rows(c: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in c.execute(select(table)).mappings()]


def _messages(c: Connection) -> list[Message]:
    rows = c.execute(select(chat_messages).order_by(chat_messages.c.seq)).all()
    return [{**json.loads(row.body), "private": row.private_to is not None} for row in rows]
