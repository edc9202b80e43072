"""Workspaces that installed the bot by themselves, in SQL. Their tokens lie in the rows as they are."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Delete, delete, insert, select

from storage.database import Database
from storage.rows import to_micros, upsert
from storage.schema import install_states, installations

Record = dict[str, Any]


class SqlInstallations:
    """A platform's installations: one record for each member who installed it in a workspace."""

    def __init__(self, database: Database, platform: str) -> None:
        self._db = database
        self._platform = platform

    async def save(self, workspace: str, member: str, record: Record, now: datetime) -> None:
        keys = {"platform": self._platform, "workspace": workspace, "member": member}
        values = {"at": to_micros(now), "data": json.dumps(record)}
        await self._db.write(lambda c: c.execute(upsert(c, installations, keys, values)))

    async def find(self, workspace: str, member: str | None = None) -> Record | None:
        """A member's installation, or the newest of the workspace."""
        return await self._db.read(lambda c: self._find(c, workspace, member))

    async def delete(self, workspace: str, member: str | None = None) -> None:
        """Forget a member's installation, or all of a workspace."""
        await self._db.write(lambda c: c.execute(self._delete(workspace, member)))

    async def issue_state(self, state: str, expires_at: datetime, now: datetime) -> None:
        """Anybody on the web can have one: those that have run out make room."""
        row = {"state": state, "expires_at": to_micros(expires_at)}

        def transaction(c: Connection) -> None:
            _forget_states(c, now)
            c.execute(insert(install_states).values(**row))

        await self._db.write(transaction)

    async def take_state(self, state: str, now: datetime) -> bool:
        """Whether the state was issued here, has not run out and was never taken before."""
        return await self._db.write(lambda c: _take_state(c, state, now))

    def _find(self, c: Connection, workspace: str, member: str | None) -> Record | None:
        table = installations
        query = select(table.c.data).where(
            table.c.platform == self._platform, table.c.workspace == workspace
        )
        if member is not None:
            query = query.where(table.c.member == member)
        data: str | None = c.execute(query.order_by(table.c.at.desc()).limit(1)).scalar()
        return json.loads(data) if data else None

    def _delete(self, workspace: str, member: str | None) -> Delete:
        table = installations
        query = delete(table).where(
            table.c.platform == self._platform, table.c.workspace == workspace
        )
        return query if member is None else query.where(table.c.member == member)


def _forget_states(c: Connection, now: datetime) -> None:
    c.execute(delete(install_states).where(install_states.c.expires_at < to_micros(now)))


def _take_state(c: Connection, state: str, now: datetime) -> bool:
    _forget_states(c, now)
    taken = c.execute(delete(install_states).where(install_states.c.state == state))
    return taken.rowcount == 1
