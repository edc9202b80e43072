"""A Slack and a Runway on this machine, and the real bot between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.slack.processes import Bot, Simulator
from tests.slack.server import SlackServer
from tests.slack.workspace import Workspace


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
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    started = await Simulator.start(tmp_path / "runway")
    yield started
    await started.kill()


@pytest.fixture
async def run(
    tmp_path: Path, server: SlackServer, simulator: Simulator
) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Start `dailies run` with Slack's tokens and a Runway key alone; `more` goes to its environment."""
    async with AsyncExitStack() as stack:

        async def start(**more: str) -> Bot:
            bot = await Bot.start(tmp_path, simulator.url, server.url, **more)
            stack.push_async_callback(bot.kill)
            return bot

        yield start
