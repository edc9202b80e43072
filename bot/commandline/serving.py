"""`dailies demo` and `simulator`: what needs no key and no account."""

import argparse
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.app import running
from bot.commandline.running import until_asked_to_stop
from bot.config import (
    ArchiveConfig,
    Config,
    DiscordConfig,
    RunwayConfig,
    SlackConfig,
    StorageConfig,
    load_config,
)
from bot.logs import set_up_logs
from bot.runway.simulator import add_arguments, serve, settings_from

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

DEMO_FOLDER = Path("data/demo")


def add_serving(commands: "Parsers") -> None:
    """The bot to try out, and the stand-in for Runway alone."""
    demo = commands.add_parser("demo", help="chat in a web page, without a key or an account")
    demo.add_argument("--port", type=int, help="the page's port (default: 8080, 0: any free one)")
    demo.add_argument(
        "--live", action="store_true", help="ask the real Runway, with RUNWAYML_API_SECRET"
    )
    demo.set_defaults(command=_demo)
    simulator = commands.add_parser("simulator", help="serve a strict stand-in for Runway's API")
    simulator.add_argument("--port", type=int, default=8788, help="0 takes any free port")
    add_arguments(simulator)
    simulator.set_defaults(command=_simulator)


async def _demo(arguments: argparse.Namespace) -> None:
    config = load_config()
    set_up_logs("warning" if config.log.level == "info" else config.log.level, config.log.format)
    config = _demo_config(config, arguments.port)
    if arguments.live:
        async with until_asked_to_stop() as stop, running(config) as url:
            _greet(url, "the real Runway: what you make here is charged to your account")
            await stop.wait()
        return
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    simulator = await serve(
        settings_from(parser.parse_args(["--state-dir", str(DEMO_FOLDER / "runway")]))
    )
    try:
        demo = running(_against(config, simulator.url), live=False)
        async with until_asked_to_stop() as stop, demo as url:
            _greet(url, "a stand-in for Runway: nothing is charged")
            await stop.wait()
    finally:
        await simulator.stop()


async def _simulator(arguments: argparse.Namespace) -> None:
    simulator = await serve(settings_from(arguments), port=arguments.port)
    print(f"A stand-in for Runway listens on {simulator.url}", flush=True)
    try:
        async with until_asked_to_stop() as stop:
            await stop.wait()
    finally:
        await simulator.stop()


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
