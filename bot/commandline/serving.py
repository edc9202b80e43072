"""`dailies demo` and `simulator`: what needs no key and no account."""

import argparse
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.app import running
from bot.commandline.groups import port_number
from bot.commandline.running import unless_asked, until_asked_to_stop
from bot.config import (
    ArchiveConfig,
    Config,
    DiscordConfig,
    RunwayConfig,
    SlackConfig,
    StorageConfig,
    load_config,
)
from bot.errors import ConfigError, PortTaken
from bot.runway.simulator import SimulatorSettings, add_arguments, serve, settings_from
from bot.watching.logs import set_up_logs

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

DEMO_FOLDER = Path("data/demo")
LAST_PORT = 65_535


def add_serving(commands: "Parsers") -> None:
    """The bot to try out, and the stand-in for Runway alone."""
    demo = commands.add_parser("demo", help="chat in a web page, without a key or an account")
    demo.add_argument(
        "--port", type=port_number, help="the page's port (default: 8080, 0: any free one)"
    )
    demo.add_argument(
        "--live", action="store_true", help="ask the real Runway, with RUNWAYML_API_SECRET"
    )
    demo.set_defaults(command=_demo)
    simulator = commands.add_parser("simulator", help="serve a strict stand-in for Runway's API")
    simulator.add_argument(
        "--port", type=port_number, default=8788, help="0 takes any free port (default: 8788)"
    )
    add_arguments(simulator)
    simulator.set_defaults(command=_simulator)


async def _demo(arguments: argparse.Namespace) -> None:
    config = load_config()
    set_up_logs("warning" if config.log.level == "info" else config.log.level, config.log.format)
    config = _demo_config(config, arguments.port)
    try:
        await (_live(config) if arguments.live else _simulated(config))
    except PortTaken as error:
        another = error.port % LAST_PORT + 1
        raise ConfigError(
            f"Port {error.port} is taken by another program. Take another one: "
            f"PORT={another} make demo, or dailies demo --port {another}."
        ) from None


async def _live(config: Config) -> None:
    await _serve(running(config), "the real Runway: what you make here is charged to your account")


async def _simulated(config: Config) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = settings_from(parser.parse_args(["--state-dir", str(DEMO_FOLDER / "runway")]))
    async with _stand_in(settings) as runway:
        bot = running(_against(config, runway), live=False)
        await _serve(bot, "a stand-in for Runway: nothing is charged")


async def _serve(bot: AbstractAsyncContextManager[str], runway: str) -> None:
    async with until_asked_to_stop() as stop, AsyncExitStack() as stack:
        url = await unless_asked(stop, stack.enter_async_context(bot))
        if url is not None:
            _greet(url, runway)
            await stop.wait()


async def _simulator(arguments: argparse.Namespace) -> None:
    async with _stand_in(settings_from(arguments), arguments.port) as url:
        print(f"A stand-in for Runway listens on {url}", flush=True)
        async with until_asked_to_stop() as stop:
            await stop.wait()


@asynccontextmanager
async def _stand_in(settings: SimulatorSettings, port: int = 0) -> AsyncIterator[str]:
    """A simulator at work, and where; a ConfigError where it cannot be."""
    try:
        simulator = await serve(settings, port=port)
    except OSError as error:
        raise ConfigError(_why_not(error, settings, port)) from None
    try:
        yield simulator.url
    finally:
        await simulator.stop()


def _why_not(error: OSError, settings: SimulatorSettings, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Take another one with --port; 0 is any."
    if error.filename is not None:
        folder = settings.state_dir or error.filename
        return f"The folder {folder} cannot be used: {error.strerror}."
    return f"Port {port} cannot be listened on: {error.strerror}."


def _demo_config(config: Config, port: int | None) -> Config:
    """The operator's configuration on the page alone, with the demo's own folder and port."""
    web = config.web if port is None else config.web.model_copy(update={"port": port})
    playground = config.playground.model_copy(update={"enabled": True})
    # Tokens that are set for the real bot must not bring real people before a stand-in for Runway.
    changes: dict[str, object] = {
        "web": web,
        "playground": playground,
        "discord": DiscordConfig(),
        "slack": SlackConfig(),
    }
    if "storage" not in config.model_fields_set:
        changes["storage"] = StorageConfig(url=f"sqlite:///{DEMO_FOLDER / 'dailies.db'}")
    if "archive" not in config.model_fields_set:
        changes["archive"] = ArchiveConfig(url=str(DEMO_FOLDER / "archive"))
    return config.model_copy(update=changes)


def _against(config: Config, simulator_url: str) -> Config:
    # Any key of the documented form is good there; a real one must not be sent to it.
    key = SecretStr("key_" + secrets.token_hex(64))
    runway = RunwayConfig(
        api_secret=key, base_url=simulator_url, poll_seconds=config.runway.poll_seconds
    )
    return config.model_copy(update={"runway": runway})


def _greet(url: str, what: str) -> None:
    print(f"\n  Dailies is ready: {url}\n  It talks to {what}.\n  Ctrl+C ends it.\n", flush=True)
