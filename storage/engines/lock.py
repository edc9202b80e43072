"""A SQLite file belongs to one process, which holds a lock file beside it."""

import fcntl
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bot.errors import ConfigError
from storage.engines.opening import database_path


def only_process(url: str) -> AbstractContextManager[object]:
    """Hold the database file alone: SQLite is for one replica."""
    path = _lock_file(url)
    if path is None:
        return nullcontext()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise ConfigError(f"storage.url: {path.parent} cannot be used: {error.strerror}.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(
            f"Another Dailies is running on {path.parent}. Stop it, or set another storage.url."
        ) from None
    return file


def is_running(url: str) -> bool:
    """Whether a bot holds a SQLite database of this machine; nothing is made to find out."""
    try:
        path = _lock_file(url)
        if path is None or not path.is_file():
            return False
        with only_process(url):
            return False
    except ConfigError:
        return True


def _lock_file(url: str) -> Path | None:
    database = database_path(url)
    return None if database is None else database.with_suffix(".lock")
