"""Receipts in SQL."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Update, select, update

from bot.errors import StaleJob
from bot.jobs import room
from bot.ports import Receipt
from storage.database import Database
from storage.events import recent_jobs
from storage.rows import from_micros, to_micros, upsert
from storage.schema import receipts as table


class SqlReceipts:
    """Implements bot.ports.Receipts."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def begin(self, receipt: Receipt) -> Receipt | None:
        return await self._db.write(lambda c: _begin(c, receipt))

    async def note(self, receipt: Receipt, **changes: Any) -> Receipt:
        await self._db.write(lambda c: _note(c, receipt, changes))
        return replace(receipt, **changes)

    async def move(self, receipt: Receipt, **changes: Any) -> Receipt:
        await self._db.write(lambda c: _move(c, receipt, changes))
        return replace(receipt, **changes)

    async def receipt(self, workspace: str, key: str) -> Receipt | None:
        return await self._db.read(lambda c: _by_key(c, workspace, key))

    async def recent(self, platform: str, since: datetime, after: str, limit: int) -> list[Receipt]:
        return await self._db.read(lambda c: _recent(c, platform, since, after, limit))

    async def of_message(self, workspace: str, channel: str, message: str) -> Receipt | None:
        return await self._db.read(lambda c: _of_message(c, workspace, channel, message))


def _begin(c: Connection, receipt: Receipt) -> Receipt | None:
    known = _by_key(c, receipt.workspace, receipt.key)
    if known is not None:
        return known
    channel, _, thread = receipt.channel.partition("/")
    keys = {"workspace": receipt.workspace, "key": receipt.key}
    values = {
        "channel": channel,
        "thread": thread,
        "begun_at": to_micros(receipt.begun_at),
        "subject": receipt.subject,
        "state": receipt.state,
        "message": receipt.message,
        "facts": json.dumps(dict(receipt.facts)),
    }
    # Another replica may have begun it since we looked: then it is theirs.
    if c.execute(upsert(c, table, keys, values, replace=False)).rowcount == 1:
        return None
    return _by_key(c, receipt.workspace, receipt.key)


def _note(c: Connection, receipt: Receipt, changes: Mapping[str, Any]) -> None:
    c.execute(_change(receipt, changes))


def _move(c: Connection, receipt: Receipt, changes: Mapping[str, Any]) -> None:
    known = json.dumps(dict(receipt.facts))
    as_read = (table.c.state == receipt.state) & (table.c.facts == known)
    if c.execute(_change(receipt, changes).where(as_read)).rowcount != 1:
        raise StaleJob(f"somebody else goes on with {receipt.key}")


def _change(receipt: Receipt, changes: Mapping[str, Any]) -> Update:
    values = dict(changes)
    if "facts" in values:
        values["facts"] = json.dumps(dict(values["facts"]))
    same = (table.c.workspace == receipt.workspace) & (table.c.key == receipt.key)
    return update(table).where(same).values(**values)


def _by_key(c: Connection, workspace: str, key: str) -> Receipt | None:
    query = select(table).where(table.c.workspace == workspace, table.c.key == key)
    row = c.execute(query).one_or_none()
    return _receipt(row) if row else None


def _of_message(c: Connection, workspace: str, channel: str, message: str) -> Receipt | None:
    query = select(table).where(
        table.c.workspace == workspace, table.c.channel == channel, table.c.message == message
    )
    row = c.execute(query.limit(1)).one_or_none()
    return _receipt(row) if row else None


def _recent(c: Connection, platform: str, since: datetime, after: str, limit: int) -> list[Receipt]:
    # By their rooms, because messages have an index by those.
    rooms = {(job.workspace, room(job.channel)) for job in recent_jobs(c, platform, since, limit)}
    newest = select(table).order_by(table.c.message.desc()).limit(limit)
    found: list[Receipt] = []
    for workspace, channel in rooms:
        here = (table.c.workspace == workspace) & (table.c.channel == channel)
        query = newest.where(here, table.c.message > after, table.c.subject.is_not(None))
        found += [_receipt(row) for row in c.execute(query)]
    return sorted(found, key=lambda receipt: receipt.message or "", reverse=True)[:limit]


def _receipt(row: Any) -> Receipt:
    return Receipt(
        workspace=row.workspace,
        key=row.key,
        channel=f"{row.channel}/{row.thread}" if row.thread else row.channel,
        begun_at=from_micros(row.begun_at),
        subject=row.subject,
        state=row.state,
        message=row.message,
        facts=json.loads(row.facts),
    )
