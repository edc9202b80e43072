"""`dailies run`: the bot itself. It starts often, and loads nothing that it does not need."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError

from bot.addresses import is_loopback
from bot.app import running
from bot.config import Config, RunConfig, load_config
from bot.config.contradictions import contradictions
from bot.errors import ConfigError
from bot.scratch import sweep
from bot.watching.logs import set_up_logs
from bot.watching.telemetry import sentry

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

log = structlog.get_logger()

SWITCH_SECONDS = 0.0005
# New objects before the youngest are looked through, and how often that is done before older ones are.
# A thousand take a few milliseconds; ten thousand stopped the loop for a tenth of a second.
GARBAGE = (1_000, 10, 1_000)


def add_run(commands: "Parsers") -> None:
    """The command that serves people."""
    run = commands.add_parser("run", help="run the bot, as config.toml and the environment say")
    run.add_argument(
        "--only",
        metavar="PART[,PART…]",
        help="do only this part here: worker, discord, slack, web (needs PostgreSQL)",
    )
    run.set_defaults(command=_run)


async def _run(arguments: argparse.Namespace) -> None:
    config = _only(load_config(to_run=True), arguments.only)
    set_up_logs(config.log.level, config.log.format, sentry(config.sentry))
    await asyncio.to_thread(sweep)
    live = not is_loopback(config.runway.base_url)
    async with until_asked_to_stop() as stop, AsyncExitStack() as stack:
        if await unless_asked(stop, stack.enter_async_context(running(config, live=live))) is None:
            return
        stay_quick()
        await stop.wait()
        log.info("asked to end", grace_seconds=config.run.grace_seconds)


def stay_quick() -> None:
    """Keep Python from stopping the event loop, now that everything is started."""
    # The loop gives up Python's lock with every write to a socket; a thread that works on the
    # database would keep it from coming back for 5 ms, each time.
    sys.setswitchinterval(SWITCH_SECONDS)
    # What was loaded stays. Looking through all of it for garbage takes a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def _only(config: Config, parts: str | None) -> Config:
    """The configuration with the parts that `--only` names."""
    if parts is None:
        return config
    try:
        named = {"only": [part.strip() for part in parts.split(",")]}
        run = RunConfig.model_validate({**config.run.model_dump(), **named})
    except ValidationError:
        raise ConfigError("--only: name worker, discord, slack or web, with commas.") from None
    changed = config.model_copy(update={"run": run})
    for _, text in contradictions(changed):
        raise ConfigError(f"--only: {text}")
    return changed


async def unless_asked(stop: asyncio.Event, start: Coroutine[Any, Any, str]) -> str | None:
    """What starting comes to; None where it was asked to end meanwhile, and is put away again.

    A platform that does not answer holds the start up for many seconds.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in a task

    def give_up(_asked: object) -> None:
        log.info("asked to end while starting")
        task.cancel()

    asked = asyncio.create_task(stop.wait(), name="asked to end")
    asked.add_done_callback(give_up)
    try:
        return await start
    except asyncio.CancelledError:
        if not stop.is_set() or task.uncancel():
            raise  # somebody else ends us
        return None
    finally:
        asked.remove_done_callback(give_up)
        asked.cancel()


@asynccontextmanager
async def until_asked_to_stop() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, also while everything is still starting."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    yield stop
