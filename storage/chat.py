"""The playground's chat in SQL: messages by number, each with the revision of its last change."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from storage.database import Database
from storage.locks import serialise
from storage.schema import chat_messages as table

Message = dict[str, Any]
Edit = Callable[[Message], Message]


class ChatLog:
    """Messages are JSON objects; `seq` is their number and `revision` grows with every change."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, body: Message, key: str | None, private_to: str | None) -> Message:
        """Write a message; a second one with the same key gives the first."""
        return await self._db.write(lambda c: _add(c, body, key, private_to))

    async def change(self, seq: int, edit: Edit) -> Message:
        """Write what `edit` makes of a message; raises KeyError when there is none.

        It is read and written in one go: of two changes at once, also by two replicas, both stay.
        """
        return await self._db.write(lambda c: _change(c, seq, edit))

    async def newest(self) -> int:
        """The latest revision; 0 before the first message."""
        return await self._db.read(_newest)

    async def changed(self, after: int, limit: int) -> list[Message]:
        """Everybody's messages that changed after a revision, in the order of their changes."""
        return await self._db.read(lambda c: _changed(c, after, limit))

    async def message(self, seq: int) -> Message | None:
        return await self._db.read(lambda c: _by(c, table.c.seq == seq))

    async def visible(self, audience: Sequence[str], after: int, limit: int) -> list[Message]:
        """The latest messages, public or private to the audience, that changed after a revision.

        The oldest comes first.
        """
        return await self._db.read(lambda c: _visible(c, audience, after, limit))


def _add(c: Connection, body: Message, key: str | None, private_to: str | None) -> Message:
    serialise(c, "chat")
    if key is not None and (known := _by(c, table.c.key == key)) is not None:
        return known
    row = {"key": key, "private_to": private_to, "body": json.dumps(body)}
    added = insert(table).values(revision=_next_revision(c), **row).returning(table.c.seq)
    seq = c.execute(added).scalar_one()
    message = _by(c, table.c.seq == seq)
    assert message is not None  # noqa: S101 - it was inserted one line above
    return message


def _change(c: Connection, seq: int, edit: Edit) -> Message:
    serialise(c, "chat")
    body = c.execute(select(table.c.body).where(table.c.seq == seq)).scalar_one_or_none()
    if body is None:
        raise KeyError(seq)
    changed = update(table).where(table.c.seq == seq)
    edited = json.dumps(edit(json.loads(body)))
    c.execute(changed.values(body=edited, revision=_next_revision(c)))
    message = _by(c, table.c.seq == seq)
    assert message is not None  # noqa: S101 - it was there a moment ago
    return message


def _next_revision(c: Connection) -> int:
    """The chat is the caller's alone: a revision that two take would be one too few."""
    return _newest(c) + 1


def _newest(c: Connection) -> int:
    newest: int | None = c.execute(select(func.max(table.c.revision))).scalar()
    return newest or 0


def _changed(c: Connection, after: int, limit: int) -> list[Message]:
    query = select(table).where(table.c.revision > after).order_by(table.c.revision).limit(limit)
    return [_message(row) for row in c.execute(query)]


def _visible(c: Connection, audience: Sequence[str], after: int, limit: int) -> list[Message]:
    query = (
        select(table)
        .where(
            table.c.revision > after,
            or_(table.c.private_to.is_(None), table.c.private_to.in_(audience)),
        )
        .order_by(table.c.seq.desc())
        .limit(limit)
    )
    return [_message(row) for row in reversed(c.execute(query).all())]


def _by(c: Connection, condition: Any) -> Message | None:
    row = c.execute(select(table).where(condition)).one_or_none()
    return _message(row) if row else None


def _message(row: Any) -> Message:
    stored = {"seq": row.seq, "revision": row.revision, "private_to": row.private_to}
    return {**json.loads(row.body), **stored}
