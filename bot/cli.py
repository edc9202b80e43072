"""The command line: `dailies run`, `check`, `jobs` and so on; see bot/commandline/."""

import argparse
import asyncio
import errno
import io
import os
import socket
import sqlite3
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from bot.commandline.groups import Command, Said
from bot.commandline.running import add_run
from bot.errors import ConfigError, StorageUnavailable
from bot.text import printable

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

_DATABASE = (
    OperationalError,
    DatabaseError,
    sqlite3.OperationalError,
    sqlite3.DatabaseError,
)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def main() -> None:
    """Run a command; what is wrong with the set-up is one clear text and exit code 2."""
    arguments = parser(only_run=sys.argv[1:2] == ["run"]).parse_args()
    command: Command = arguments.command
    try:
        said = asyncio.run(command(arguments))
    except ConfigError as error:
        sys.exit(_fail(str(error)))
    except (StorageUnavailable, DBAPIError, sqlite3.Error, OSError) as error:
        why = outside(error)
        if why is None:
            raise
        sys.exit(_fail(why))
    if isinstance(said, Said):
        _say(said.text)
        sys.exit(said.code)
    if said is not None:
        _say(said)


def parser(*, only_run: bool = False) -> argparse.ArgumentParser:
    """Every command with its arguments; or `run` alone, which is not to wait for the others."""
    whole = argparse.ArgumentParser(
        prog="dailies", description="Runway's image and video models in a team's own chat."
    )
    whole.add_argument(
        "--version", action=_Version, nargs=0, help="say which version this is, and leave"
    )
    commands = whole.add_subparsers(required=True, metavar="command")
    add_run(commands)
    if not only_run:
        _add_others(commands)
    return whole


def _add_others(commands: "Parsers") -> None:
    from bot.commandline.checking import add_check
    from bot.commandline.configuration import add_config
    from bot.commandline.database import add_database
    from bot.commandline.jobs import add_jobs
    from bot.commandline.quota import add_quota
    from bot.commandline.serving import add_serving
    from bot.commandline.slack import add_slack

    add_serving(commands)
    add_check(commands)
    add_config(commands)
    add_jobs(commands)
    add_quota(commands)
    add_database(commands)
    add_slack(commands)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_unused: object) -> None:
        _say(f"dailies {version('dailies')}")
        parser.exit()


def outside(error: Exception) -> str | None:
    """What to do about a database or a disk that does not work; None where it is our mistake."""
    if isinstance(error, StorageUnavailable):
        return f"The database does not answer: {error}. `dailies check database disk` says more."
    # Their subclasses are for statements that make no sense, which would be ours.
    if type(error) in _DATABASE:
        said = error.orig if isinstance(error, DBAPIError) else error
        return f"The database does not work: {said}. `dailies check database disk` says more."
    if isinstance(error, ConnectionError | socket.gaierror):
        return f"The database cannot be reached: {error}. `dailies check database` says more."
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"{error.strerror}: {error.filename or 'the disk'}. `dailies check` says more."
    return None


def _say(text: str) -> None:
    """Print an answer; whoever reads no further, as `head` does, has had enough."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a locale may lack most letters
    try:
        print(printable(text), flush=True)
    except OSError as error:
        # Python would try to write what is left once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.exit(_fail(f"The answer could not be written: {error.strerror}."))


def _fail(text: str) -> int:
    print(printable(text), file=sys.stderr)
    return 2
