"""Orders in SQL, and the list of jobs that an operator looks at."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.jobs import Job
from bot.ports import Order, OrderKind
from storage.database import Database
from storage.rows import from_micros, job_of, to_micros
from storage.schema import jobs
from storage.schema import orders as table

# Older ones are of no use to anybody, and the few that are left need no index.
KEPT = timedelta(days=30)


class SqlOrders:
    """Implements bot.ports.OrderStorage, and lists jobs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def place(self, order: Order) -> None:
        await self._db.write(lambda c: _place(c, order))

    async def order(self, order_id: str) -> Order | None:
        return await self._db.read(lambda c: _find(c, order_id))

    async def unanswered(self) -> list[Order]:
        return await self._db.read(_unanswered)

    async def answer(self, order_id: str, text: str, *, done: bool) -> None:
        statement = update(table).where(table.c.id == order_id, table.c.answer.is_(None))
        await self._db.write(
            lambda c: c.execute(statement.values(answer=text, done=int(done))).rowcount
        )

    async def jobs(
        self, states: Sequence[str], workspace: str | None, since: datetime, limit: int
    ) -> list[Job]:
        """Jobs of any workspace, or of one, the newest first; no states are all of them."""
        return await self._db.read(lambda c: _jobs(c, states, workspace, since, limit))


def _place(c: Connection, order: Order) -> None:
    c.execute(delete(table).where(table.c.at < to_micros(order.at - KEPT)))
    values: Mapping[str, Any] = {
        "id": order.id,
        "kind": order.kind.value,
        "job": order.job,
        "at": to_micros(order.at),
    }
    c.execute(insert(table).values(**values))


def _find(c: Connection, order_id: str) -> Order | None:
    row = c.execute(select(table).where(table.c.id == order_id)).one_or_none()
    return None if row is None else _order(row)


def _unanswered(c: Connection) -> list[Order]:
    query = select(table).where(table.c.answer.is_(None)).order_by(table.c.at)
    return [_order(row) for row in c.execute(query)]


def _order(row: Any) -> Order:
    done = None if row.done is None else bool(row.done)
    return Order(row.id, OrderKind(row.kind), row.job, from_micros(row.at), row.answer, done)


def _jobs(
    c: Connection, states: Sequence[str], workspace: str | None, since: datetime, limit: int
) -> list[Job]:
    query = select(jobs).where(jobs.c.created_at >= to_micros(since))
    if states:
        query = query.where(jobs.c.state.in_(states))
    if workspace is not None:
        query = query.where(jobs.c.workspace == workspace)
    rows = c.execute(query.order_by(jobs.c.seq.desc()).limit(limit)).mappings()
    return [job_of(row) for row in rows]
