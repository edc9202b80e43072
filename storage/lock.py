"""A SQLite file belongs to one process, which holds a lock file beside it."""

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from bot.errors import ConfigError
from storage.storage import database_path


def only_process(url: str) -> IO[str]:
    """Hold the database file alone: two processes on one SQLite would each carry every job."""
    path = _lock_file(url)
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
    """Whether a bot runs on a SQLite database of this machine; nothing is made to find out."""
    if make_url(url).get_backend_name() != "sqlite" or not _lock_file(url).is_file():
        return False
    try:
        only_process(url).close()
    except ConfigError:
        return True
    return False


def _lock_file(url: str) -> Path:
    return database_path(url).with_suffix(".lock")
