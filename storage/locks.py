"""Locks by name, for what must not run side by side; each is let go with its transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Connection, Select, Text, bindparam, func, text

_LOCKS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(:names) AS name"
).bindparams(bindparam("names", type_=ARRAY(Text)))


def serialise(c: Connection, name: str) -> None:
    """Wait until no other transaction holds `name`.

    SQLite has one writer: there a transaction that writes is alone already.
    """
    serialise_all(c, [name])


def serialise_all(c: Connection, names: Sequence[str]) -> None:
    """Take several, in an order that is everybody's, so that nobody waits in a circle."""
    if c.dialect.name == "postgresql":
        c.execute(_LOCKS, {"names": sorted(names)})


def in_order(
    c: Connection, query: Select[Any], column: Column[Any], values: Sequence[str]
) -> Select[Any]:
    """Have rows found, and so locked, in the order of these values of a column."""
    if c.dialect.name != "postgresql":
        return query
    given = bindparam(None, list(values), ARRAY(Text))
    return query.order_by(func.array_position(given, column))
