"""`dailies migrate` and `dailies backup`."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commandline.groups import Said
from bot.config import load_config
from bot.shell import migrate
from storage.engines.backup import back_up
from storage.engines.inspection import inspect_database
from storage.migrations import newer

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers


def add_database(commands: "Parsers") -> None:
    """What is done with the database as a whole."""
    migrate = commands.add_parser("migrate", help="bring the database to today's tables")
    migrate.add_argument(
        "--check", action="store_true", help="only say what is missing; exit code 1 if anything is"
    )
    migrate.set_defaults(command=_migrate)
    backup = commands.add_parser("backup", help="copy the database, also while the bot runs")
    backup.add_argument("file", type=Path, help="a file that is not there yet")
    backup.set_defaults(command=_backup)


async def _migrate(arguments: argparse.Namespace) -> Said | str:
    url = load_config().storage.url
    before = await inspect_database(url)
    if before.unknown:
        raise newer(before.unknown)
    pending = ", ".join(before.pending)
    if not before.pending:
        return f"Nothing to do: the tables are today's ({before.at})."
    if arguments.check:
        return Said(f"Missing: {pending}.", 1)
    await migrate(url)
    return f"Done: {pending}."


async def _backup(arguments: argparse.Namespace) -> str:
    size = await asyncio.to_thread(back_up, load_config().storage.url, arguments.file)
    return (
        f"{arguments.file}: {size / 1e6:.1f} MB. It holds tokens: keep it safe. "
        "The archive's files are not in it."
    )
