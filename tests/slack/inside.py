"""The bot in the test's own process: a start costs no new interpreter."""

import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import running
from bot.config import load_config
from bot.runway.simulator import RunningSimulator

_BEGINNINGS = ("DAILIES_", "SLACK_", "DISCORD_", "RUNWAYML_", "HTTP_PROXY", "HTTPS_PROXY")


class Inside:
    """Everything that `dailies run` starts, and the address of its web server."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self._stack = stack

    @classmethod
    async def start(cls) -> "Inside":
        """Read the environment and start; raises ConfigError as the command line would print it."""
        stack = AsyncExitStack()
        url = await stack.enter_async_context(running(load_config()))
        return cls(url, stack)

    async def stop(self) -> None:
        await self._stack.aclose()


Run = Callable[..., Awaitable[Inside]]


def forget_surroundings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A developer's config.toml and tokens must not reach a test, nor must an earlier start's."""
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith(_BEGINNINGS) and name != "DAILIES_REFERENCE":
            monkeypatch.delenv(name)


async def books_of(simulator: RunningSimulator, session: aiohttp.ClientSession) -> Any:
    """What was made and charged at Runway."""
    async with session.get(f"{simulator.url}/_simulator/books") as response:
        return await response.json()
