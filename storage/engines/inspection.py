"""A look at a database without changing it: which of our migrations it has had."""

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from bot.errors import ConfigError
from storage.engines.opening import address_of, database_path
from storage.migrations import HEAD, revisions, version


@dataclass(frozen=True)
class Condition:
    """`at` is the last migration that it has had, `pending` those to come, the oldest first.

    `unknown` is a migration that this version of Dailies does not know.
    """

    at: str | None
    pending: tuple[str, ...]
    unknown: str | None = None

    @property
    def is_new(self) -> bool:
        return self.at is None


async def inspect_database(url: str) -> Condition:
    """Look, and try whether it can be written; raises what `condition_of` does."""
    path = database_path(url)
    if path is not None:
        await asyncio.to_thread(_check_writable if path.exists() else _check_folder, path)
    return await condition_of(url)


async def condition_of(url: str) -> Condition:
    """Open and read; raises ConfigError, StorageUnavailable, OSError or SQLAlchemy's own errors."""
    path = database_path(url)
    if path is None:
        return await _read(address_of(url))
    return await asyncio.to_thread(_read_file, path) if path.exists() else _condition(None)


def _read_file(path: Path) -> Condition:
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return _look(connection)
    finally:
        engine.dispose()


async def _read(address: URL) -> Condition:
    from sqlalchemy.ext.asyncio import create_async_engine

    from storage.engines.postgres import translated

    engine = create_async_engine(address, poolclass=NullPool)
    try:
        with translated():
            async with engine.connect() as connection:
                return await connection.run_sync(_look)
    finally:
        await engine.dispose()


def _look(c: Connection) -> Condition:
    return _condition(version(c))


def _condition(at: str | None) -> Condition:
    if at == HEAD:  # as nearly always: Alembic need not be loaded for it
        return Condition(at, ())
    known = revisions()
    if at is None:
        return Condition(None, tuple(known))
    if at not in known:
        return Condition(at, (), unknown=at)
    return Condition(at, tuple(known[known.index(at) + 1 :]))


def _check_folder(path: Path) -> None:
    folder = path.parent.absolute()
    while not folder.exists():
        folder = folder.parent
    probe = folder / ".dailies-check"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"storage.url: {folder} cannot be used: {error.strerror}.") from None


def _check_writable(path: Path) -> None:
    """Write a row as it is: a read-only file and a full disk show themselves only then."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        known = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        if connection.execute(known).fetchone()[0]:
            connection.execute("UPDATE alembic_version SET version_num = version_num")
    finally:
        connection.close()
