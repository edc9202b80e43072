"""The command line in the test's own process, against servers on this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.cli import parser
from bot.commandline.groups import Said
from bot.config import (
    ArchiveConfig,
    Config,
    DiscordConfig,
    RunwayConfig,
    SlackConfig,
    StorageConfig,
    WebConfig,
)
from bot.runway.simulator import RunningSimulator, SimulatorSettings, serve
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.scenario.stage import QUICK, Stage, bot_on, simulator_on
from tests.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.slack.server import SlackServer

KEY = "key_" + "5ec4e7" * 21 + "ab"
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A developer's config.toml and tokens must not reach a test."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNWAYML_API_SECRET", "DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """`await run("jobs", "list")`: the exit code, and what is printed."""

    async def carry_out(*words: str) -> tuple[int, str]:
        arguments = parser().parse_args(words)
        said = await arguments.command(arguments)
        return (said.code, said.text) if isinstance(said, Said) else (0, said)

    return carry_out


@pytest.fixture
async def runway() -> AsyncIterator[Callable[..., Awaitable[RunningSimulator]]]:
    """Start stand-ins for Runway: `await runway(credits=10)`."""
    async with AsyncExitStack() as stack:

        async def start_one(**options: Any) -> RunningSimulator:
            simulator = await serve(SimulatorSettings(**{**QUICK, **options}))
            stack.push_async_callback(simulator.stop)
            return simulator

        yield start_one


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    server = Discord()
    runner = await start(server, application(server))
    yield server
    await server.gateway.close()
    await runner.cleanup()
    assert server.violations == []


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    server = SlackServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Config]:
    """The configuration of a bot whose servers are on this machine."""

    def make(url: str, **sections: Any) -> Config:
        usual: dict[str, Any] = {
            "runway": RunwayConfig(api_secret=SecretStr(KEY), base_url=url),
            "storage": StorageConfig(url=f"sqlite:///{tmp_path / 'data' / 'dailies.db'}"),
            "archive": ArchiveConfig(url=str(tmp_path / "archive")),
            "web": WebConfig(port=0),
        }
        return Config(**{**usual, **sections})

    return make


@pytest.fixture
def discord_section(discord: Discord) -> Callable[..., DiscordConfig]:
    return lambda token=TOKEN: DiscordConfig(
        token=SecretStr(token), api_base=f"{discord.url}/api/v10", gateway=discord.gateway.url
    )


@pytest.fixture
def slack_section(slack: SlackServer) -> Callable[..., SlackConfig]:
    return lambda bot=BOT_TOKEN, app=APP_TOKEN: SlackConfig(
        bot_token=SecretStr(bot), app_token=SecretStr(app), api_base=f"{slack.url}/api/"
    )


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def stage(
    known_folder: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """A bot that runs in this process, on the database that the command line looks at too."""
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{known_folder / 'dailies.db'}")
    async with (
        simulator_on(known_folder) as simulator,
        bot_on(known_folder, simulator, session, confirm_above=50) as opened,
    ):
        yield opened
