"""Locks by name, for what must not run side by side; each is let go with its transaction."""

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def serialise(c: Connection, name: str) -> None:
    """Wait until no other transaction holds `name`.

    SQLite has one writer: there a transaction that writes is alone already.
    """
    if c.dialect.name == "postgresql":
        c.execute(_LOCK, {"name": name})
