"""The command line: `dailies run`, `check`, `jobs` and so on; see bot/commandline/."""

import argparse
import asyncio
import sys

from bot.commandline.checking import add_check
from bot.commandline.configuration import add_config
from bot.commandline.database import add_database
from bot.commandline.groups import Command, Said
from bot.commandline.jobs import add_jobs
from bot.commandline.quota import add_quota
from bot.commandline.serving import add_serving
from bot.commandline.slack import add_slack
from bot.errors import ConfigError


def main() -> None:
    """Run a command; what is wrong with the set-up is one clear text and exit code 2."""
    arguments = parser().parse_args()
    command: Command = arguments.command
    try:
        said = asyncio.run(_said(command, arguments))
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    if isinstance(said, Said):
        print(said.text)
        sys.exit(said.code)
    if said is not None:
        print(said)


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments."""
    whole = argparse.ArgumentParser(
        prog="dailies", description="Runway's image and video models in a team's own chat."
    )
    commands = whole.add_subparsers(required=True, metavar="command")
    add_serving(commands)
    add_check(commands)
    add_config(commands)
    add_jobs(commands)
    add_quota(commands)
    add_database(commands)
    add_slack(commands)
    return whole


async def _said(command: Command, arguments: argparse.Namespace) -> str | Said | None:
    return await command(arguments)


if __name__ == "__main__":
    main()
