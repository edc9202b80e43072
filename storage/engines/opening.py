"""From an address to a database: SQLite in a file, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from bot.addresses import database_address
from bot.errors import ConfigError, StorageUnavailable
from storage.database import Database
from storage.engines.sqlite import SqliteDatabase
from storage.migrations import upgrade


async def open_database(url: str, lease_seconds: float = 30.0) -> Database:
    """Open the database at an SQLAlchemy address and bring it to today's tables.

    `lease_seconds` is the time within which a replica must know that the database is away.
    """
    address = address_of(url)
    database = _database(address, lease_seconds)
    try:
        with named(address):
            await database.write(upgrade)
    except BaseException:
        await database.close()
        raise
    return database


@contextmanager
def named(address: URL) -> Iterator[None]:
    """Say with an error which database it is about, without its password."""
    try:
        yield
    except StorageUnavailable as error:
        raise StorageUnavailable(f"{address.render_as_string()}: {error}") from error


def database_path(url: str) -> Path | None:
    """The file at an SQLAlchemy address; None for PostgreSQL. Raises ConfigError."""
    address = address_of(url)
    return _file(address) if address.get_backend_name() == "sqlite" else None


def _database(address: URL, lease_seconds: float) -> Database:
    if address.get_backend_name() == "postgresql":
        # Its driver is loaded where it is used: it is a tenth of a start.
        from storage.engines.postgres import PostgresDatabase

        return PostgresDatabase(address, lease_seconds)
    path = _file(address)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # It holds tokens. What SQLite writes beside it gets the same rights.
            path.touch(mode=0o600)
    except OSError as error:
        raise ConfigError(f"storage.url: {path.parent} cannot be used: {error.strerror}.") from None
    return SqliteDatabase(path)


def _file(address: URL) -> Path:
    path = Path(address.database or "")
    if path.is_dir():
        raise ConfigError(
            f"storage.url: {path.absolute()} is a folder. Name a file in it, as in dailies.db."
        )
    return path


def address_of(url: str) -> URL:
    """The address, with its driver; raises ConfigError."""
    try:
        address = make_url(database_address(url))
    except ValueError as error:
        raise ConfigError(f"storage.url: {error}") from None
    # Written without its driver, the address means the one that is there.
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+asyncpg")
    return address
