"""A Slack and a Runway on this machine, and the real bot between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.runway.simulator import RunningSimulator, SimulatorSettings, serve
from tests.quick import ROUGH
from tests.slack.inside import Inside, Run, forget_surroundings
from tests.slack.processes import Bot, environment_of
from tests.slack.server import SlackServer
from tests.slack.workspace import Workspace

QUICK: dict[str, Any] = {
    "image_seconds": 0.2, "video_seconds": 0.3, "upscale_seconds": 0.2, "queue_seconds": 0.0,
    "jitter": 0.0, "seed": 1, **ROUGH,
}  # fmt: skip


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    slack = SlackServer()
    await slack.start()
    yield slack
    await slack.stop()
    assert slack.errors == []


@pytest.fixture
async def workspace(server: SlackServer, session: aiohttp.ClientSession) -> Workspace:
    people = Workspace(server, session)
    people.furnish()
    return people


@pytest.fixture
async def simulator() -> AsyncIterator[RunningSimulator]:
    started = await serve(SimulatorSettings(**QUICK))
    yield started
    await started.stop()


@pytest.fixture
def surroundings(
    known_folder: Path, server: SlackServer, simulator: RunningSimulator
) -> dict[str, str]:
    """What `dailies run` needs: Slack's tokens and a Runway key alone."""
    return environment_of(known_folder, simulator.url, server.url)


@pytest.fixture
async def run(
    surroundings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Run]:
    """Run the bot in this process, as its environment says; `more` is added to that."""
    async with AsyncExitStack() as stack:

        async def start(**more: str) -> Inside:
            forget_surroundings(monkeypatch, tmp_path)
            for name, value in {**surroundings, **more}.items():
                if value:
                    monkeypatch.setenv(name, value)
            bot = await Inside.start()
            stack.push_async_callback(bot.stop)
            return bot

        yield start


@pytest.fixture
async def launch(
    surroundings: dict[str, str], tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Start `dailies run` as a process of its own, which can be killed."""
    async with AsyncExitStack() as stack:

        async def start(**more: str) -> Bot:
            bot = await Bot.start(tmp_path, {**surroundings, **more})
            stack.push_async_callback(bot.kill)
            return bot

        yield start
