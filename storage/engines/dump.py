"""PostgreSQL's own program for a consistent copy, with the address that Dailies has."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from bot.errors import ConfigError

_MISSING = (
    "A PostgreSQL database is copied by its own program, pg_dump, which is not installed here: on "
    "Debian it is in postgresql-client. It must not be older than the server."
)

# asyncpg's names, and libpq's: https://www.postgresql.org/docs/current/libpq-envars.html
_NAMES = (
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("database", "PGDATABASE"),
    ("ssl", "PGSSLMODE"),
)


def dump(address: URL, target: Path) -> None:
    """Write what is in the database, as of one moment, to an existing file, for pg_restore.

    Raises ConfigError with what pg_dump says.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise ConfigError(_MISSING)
    # The rights and owners of one server mean nothing on the next.
    words = [program, "--format=custom", "--no-owner", "--no-acl", "--no-password"]
    ran = subprocess.run(  # noqa: S603  # pg_dump, with nothing that a person typed
        [*words, f"--file={target}"],
        env={**os.environ, **_environment(address)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if ran.returncode != 0:
        said = ran.stderr.decode(errors="replace").strip().removeprefix("pg_dump: error: ")
        raise ConfigError(f"pg_dump could not copy the database. It says: {said}")


def _environment(address: URL) -> dict[str, str]:
    """The address as libpq takes it: a password would be seen among a program's arguments."""
    _, given = address.get_dialect()().create_connect_args(address)
    return {name: _text(given[key]) for key, name in _NAMES if given.get(key)}


def _text(value: object) -> str:
    # Several hosts, and their ports, are lists.
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
