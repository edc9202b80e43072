"""Locks for what must not run side by side, by name or of rows; let go with their transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Connection, Select, Text, bindparam, func, select, text

from storage.rows import among
from storage.schema import holds

_LOCKS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(:names) AS name"
).bindparams(bindparam("names", type_=ARRAY(Text)))
_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")


def serialise(c: Connection, name: str) -> None:
    """Wait until no other transaction holds `name`.

    SQLite has one writer: there a transaction that writes is alone already.
    """
    serialise_all(c, [name])


def serialise_all(c: Connection, names: Sequence[str]) -> None:
    """Take several, in an order that is everybody's, so that nobody waits in a circle."""
    if c.dialect.name == "postgresql":
        c.execute(_LOCKS, {"names": sorted(names)})


def share(c: Connection, name: str) -> None:
    """Wait until nobody holds `name` alone; many may share it."""
    if c.dialect.name == "postgresql":
        c.execute(_SHARED, {"name": name})


def keep_open(c: Connection, workspace: str, members: Sequence[str] | None = None) -> None:
    """Let nothing be settled that is held by these members, or by anybody in the workspace.

    A settlement takes its hold before every bucket, and so must whoever takes both.
    """
    if c.dialect.name == "postgresql":
        query = select(holds.c.job).where(holds.c.workspace == workspace, holds.c.open == 1)
        if members is not None:
            query = query.where(among(c, holds.c.member, members))
        c.execute(query.order_by(holds.c.job).with_for_update())


def in_order(
    c: Connection, query: Select[Any], column: Column[Any], values: Sequence[str]
) -> Select[Any]:
    """Have rows found, and so locked, in the order of these values of a column."""
    if c.dialect.name != "postgresql":
        return query
    given = bindparam(None, list(values), ARRAY(Text))
    return query.order_by(func.array_position(given, column))
