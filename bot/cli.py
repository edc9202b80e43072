"""The command line: `dailies run | demo | quota | slack-manifest | simulator`."""

import argparse
import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from bot.addresses import is_loopback
from bot.app import open_quotas, running
from bot.config import (
    COMMAND_PREFIX,
    ArchiveConfig,
    Config,
    DiscordConfig,
    RunwayConfig,
    SlackConfig,
    StorageConfig,
    load_config,
)
from bot.errors import ConfigError
from bot.logs import set_up_logs
from bot.quota_arguments import add_quota_arguments
from bot.quota_cli import run_quota
from bot.runway.simulator import add_arguments, serve, settings_from

DEMO_FOLDER = Path("data/demo")


def main() -> None:
    """Run a command; what is wrong with the set-up is one clear text and exit code 2."""
    arguments = _parser().parse_args()
    command: Callable[[argparse.Namespace], Coroutine[None, None, None]] = arguments.command
    try:
        asyncio.run(command(arguments))
    except ConfigError as error:
        sys.exit(_fail(str(error)))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dailies", description="Runway's image and video models in a team's own chat."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="run the bot, as config.toml and the environment say")
    run.set_defaults(command=_run)
    demo = commands.add_parser("demo", help="chat in a web page, without a key or an account")
    demo.add_argument("--port", type=int, help="the page's port (default: 8080, 0: any free one)")
    demo.add_argument(
        "--live", action="store_true", help="ask the real Runway, with RUNWAYML_API_SECRET"
    )
    demo.set_defaults(command=_demo)
    quota = commands.add_parser("quota", help="look at quotas and set them, also in bulk")
    add_quota_arguments(quota)
    quota.set_defaults(command=_quota)
    slack = commands.add_parser("slack-manifest", help="print the manifest of the Slack app")
    slack.add_argument("--format", choices=("json", "yaml"), default="json")
    slack.add_argument("--prefix", help="what every command begins with, as in dailies-")
    slack.add_argument("--mode", choices=("socket", "http"), help="how Slack reaches the bot")
    slack.add_argument("--url", help="the bot's public address, for http and OAuth")
    slack.set_defaults(command=_slack_manifest)
    simulator = commands.add_parser("simulator", help="serve a strict stand-in for Runway's API")
    simulator.add_argument("--port", type=int, default=8788, help="0 takes any free port")
    add_arguments(simulator)
    simulator.set_defaults(command=_simulator)
    return parser


async def _run(_arguments: argparse.Namespace) -> None:
    config = load_config()
    set_up_logs(config.log.level, config.log.format)
    live = not is_loopback(config.runway.base_url)
    async with _until_asked_to_stop() as stop, running(config, live=live):
        await stop.wait()


async def _demo(arguments: argparse.Namespace) -> None:
    config = load_config()
    set_up_logs("warning" if config.log.level == "info" else config.log.level, config.log.format)
    config = _demo_config(config, arguments.port)
    if arguments.live:
        async with _until_asked_to_stop() as stop, running(config) as url:
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
        async with _until_asked_to_stop() as stop, demo as url:
            _greet(url, "a stand-in for Runway: nothing is charged")
            await stop.wait()
    finally:
        await simulator.stop()


async def _quota(arguments: argparse.Namespace) -> None:
    async with open_quotas(load_config()) as quotas:
        print(await run_quota(arguments, quotas))


async def _slack_manifest(arguments: argparse.Namespace) -> None:
    from adapters.slack.manifest import as_json, as_yaml, manifest

    slack = load_config().slack
    prefix = slack.command_prefix if arguments.prefix is None else arguments.prefix
    if not COMMAND_PREFIX.fullmatch(prefix):
        raise ConfigError("--prefix: at most 20 small letters, digits, - and _.")
    mode = arguments.mode or slack.mode
    app = manifest(prefix=prefix, mode=mode, url=arguments.url, oauth=slack.oauth)
    print(as_yaml(app) if arguments.format == "yaml" else as_json(app))


async def _simulator(arguments: argparse.Namespace) -> None:
    simulator = await serve(settings_from(arguments), port=arguments.port)
    print(f"A stand-in for Runway listens on {simulator.url}", flush=True)
    try:
        async with _until_asked_to_stop() as stop:
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


@asynccontextmanager
async def _until_asked_to_stop() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, also while everything is still starting."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    yield stop


if __name__ == "__main__":
    main()
