"""A consistent copy of a database, while bots may be writing to it."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bot.errors import ConfigError
from storage.engines.dump import dump
from storage.engines.opening import address_of, database_path


def back_up(url: str, target: Path) -> int:
    """Copy the database at an SQLAlchemy address to `target`, whole or not at all; its size in bytes.

    Of SQLite it is a database again, of PostgreSQL a file for pg_restore. Takes as long as the
    database is large: never on the event loop. Raises ConfigError with what to do. The copy holds
    tokens: only its owner may read it.
    """
    source = database_path(url)
    if source is not None and not source.is_file():
        raise ConfigError(f"storage.url: there is no database at {source} yet.")
    if target.exists():
        raise ConfigError(f"{target} is there already. Name another file, or remove it first.")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if source is None:
            dump(address_of(url), part)
        else:
            _copy(source, part)
        _fsync(part)
        os.replace(part, target)
        _fsync(target.parent)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and _is_damage(error):
            raise _damaged(source, str(error)) from None
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{target} could not be written: {why}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, part: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(part)) as new:
        # All pages in one step: one moment of the database. Readers do not hold up a WAL's writer.
        old.backup(new, pages=-1)
        # The copy is one file that needs no other beside it.
        new.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = new.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise _damaged(source, verdict)


def _is_damage(error: sqlite3.Error) -> bool:
    """Of what is copied: the copy is new."""
    # An extended code has the plain one in its last byte; an error of the driver's own has none.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _damaged(source: Path | None, said: str) -> ConfigError:
    return ConfigError(
        f"The database is damaged, and was not copied ({source}): {said}. Go back to a backup, and "
        "look at the disk."
    )


def _fsync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
