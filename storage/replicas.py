"""Replicas in SQL: leases, and the shares that they carry."""

import math
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from storage.clock import db_now
from storage.database import Database
from storage.locks import serialise
from storage.replica_tables import candidates, replicas, shares
from storage.rows import upsert

_MICROS = timedelta(microseconds=1)


class SqlReplicas:
    """Implements bot.ports.Replicas. `alone`: no other process can have this database open."""

    def __init__(self, database: Database, lease: timedelta, *, alone: bool) -> None:
        self._db = database.aside()
        self._micros = lease // _MICROS
        self._alone = alone
        self._id = ""

    @property
    def id(self) -> str:
        return self._id

    async def join(self) -> None:
        new = secrets.token_hex(8)
        await self._db.write(lambda c: _join(c, new, self._micros, alone=self._alone))
        self._id = new

    async def renew(self) -> bool:
        return await self._db.write(lambda c: _renew(c, self._id, self._micros))

    async def leave(self) -> None:
        await self._db.write(lambda c: _remove(c, replicas.c.id == self._id))

    async def is_live(self, replica: str) -> bool:
        query = select(lives(replica))
        return await self._db.read(lambda c: bool(c.execute(query).scalar_one()))

    async def share(self, group: str, size: int) -> frozenset[int]:
        if self._alone:
            return frozenset(range(size))
        return await self._db.write(lambda c: _share(c, self._id, group, size))


def is_held(holder: ColumnElement[str | None]) -> ColumnElement[bool]:
    """Whether a column names a replica whose lease runs."""
    return exists().where(replicas.c.id == holder, replicas.c.lease_until > db_now())


def lives(replica: str) -> ColumnElement[bool]:
    """Whether a replica's lease runs."""
    return exists().where(replicas.c.id == replica, replicas.c.lease_until > db_now())


def _join(c: Connection, replica: str, micros: int, *, alone: bool) -> None:
    # Long gone: nothing names them any more that is not free to take anyway.
    old = replicas.c.lease_until < db_now() - 100 * micros
    _remove(c, replicas.c.id.is_not(None) if alone else old)
    c.execute(insert(replicas).values(id=replica, lease_until=db_now() + micros))


def _renew(c: Connection, replica: str, micros: int) -> bool:
    runs = replicas.c.lease_until > db_now()
    prolonged = update(replicas).where(replicas.c.id == replica, runs)
    return c.execute(prolonged.values(lease_until=db_now() + micros)).rowcount == 1


def _remove(c: Connection, which: ColumnElement[bool]) -> None:
    gone = select(replicas.c.id).where(which)
    c.execute(delete(candidates).where(candidates.c.replica.in_(gone)))
    c.execute(delete(shares).where(shares.c.holder.in_(gone)))
    c.execute(delete(replicas).where(which))


def _share(c: Connection, replica: str, group: str, size: int) -> frozenset[int]:
    serialise(c, f"share|{group}")
    if not c.execute(select(lives(replica))).scalar_one():
        return frozenset()
    c.execute(upsert(c, candidates, {"group": group, "replica": replica}, {}, replace=False))
    fair = math.ceil(size / _rivals(c, group))
    taken = _taken(c, group, size)
    mine = sorted(number for number, holder in taken.items() if holder == replica)
    for number in mine[fair:]:
        given_up = delete(shares).where(shares.c.group == group, shares.c.number == number)
        c.execute(given_up)
    free = [number for number in range(size) if number not in taken]
    for number in free[: max(0, fair - len(mine))]:
        c.execute(upsert(c, shares, {"group": group, "number": number}, {"holder": replica}))
        mine.append(number)
    return frozenset(mine[:fair])


def _rivals(c: Connection, group: str) -> int:
    """How many live replicas ask for a group."""
    asking = select(func.count()).where(candidates.c.group == group, is_held(candidates.c.replica))
    return c.execute(asking).scalar_one()


def _taken(c: Connection, group: str, size: int) -> dict[int, str]:
    query = select(shares.c.number, shares.c.holder).where(
        shares.c.group == group, shares.c.number < size, is_held(shares.c.holder)
    )
    return {row.number: row.holder for row in c.execute(query)}
