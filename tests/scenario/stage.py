"""The bot and the simulator in the test's own process: quick to start, real HTTP between them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.app import running
from bot.config import (
    ArchiveConfig,
    Config,
    PlaygroundConfig,
    QuotaConfig,
    RunwayConfig,
    StorageConfig,
    WebConfig,
)
from bot.runway.simulator import RunningSimulator, SimulatorSettings, serve
from tests.quick import ROUGH
from tests.scenario.evidence import (
    Accounts,
    Books,
    read_accounts,
    read_books,
    until_task,
    violations,
)
from tests.scenario.page import Page
from tests.scenario.processes import KEY

QUICK: Mapping[str, Any] = {
    "image_seconds": 0.3,
    "video_seconds": 0.4,
    "upscale_seconds": 0.3,
    "queue_seconds": 0.05,
    "jitter": 0.0,
    "seed": 7,
    **ROUGH,
}


@dataclass
class Stage:
    """A bot on its own folder and a simulator, both listening on loopback."""

    page: Page
    simulator: RunningSimulator
    session: aiohttp.ClientSession
    folder: Path

    async def books(self) -> Books:
        return await read_books(self.session, self.simulator.url)

    async def until_task(self, status: str) -> None:
        """Wait until the newest task at Runway has this status."""
        await until_task(self.session, self.simulator.url, status)

    def accounts(self) -> Accounts:
        return read_accounts(self.folder / "dailies.db")

    async def violations(self) -> list[str]:
        """What is wrong once every end has been written down as told, for which it waits 30 s."""
        for _ in range(600):
            if all(job.told for job in self.accounts().jobs):
                break
            await asyncio.sleep(0.05)
        return violations(await self.books(), self.accounts(), await self.page.messages())

    async def offer(self, **models: list[str]) -> None:
        """Change what the organisation offers from now on: `withhold=[…]`, `offer=[…]`."""
        url = f"{self.simulator.url}/_simulator/offer"
        async with self.session.post(url, json=models) as response:
            assert response.status == 200, await response.text()


@asynccontextmanager
async def simulator_on(folder: Path, **options: Any) -> AsyncIterator[RunningSimulator]:
    simulator = await serve(SimulatorSettings(state_dir=folder / "runway", **{**QUICK, **options}))
    try:
        yield simulator
    finally:
        await simulator.stop()


@asynccontextmanager
async def bot_on(
    folder: Path, simulator: RunningSimulator, session: aiohttp.ClientSession, **quota: Any
) -> AsyncIterator[Stage]:
    """A bot on a folder; `quota` are settings of that section."""
    async with running(config_for(folder, simulator.url, **quota)) as url:
        yield Stage(Page(url, session), simulator, session, folder)


def config_for(folder: Path, runway_url: str, **quota: Any) -> Config:
    return Config(
        runway=RunwayConfig(api_secret=SecretStr(KEY), base_url=runway_url, poll_seconds=0.1),
        storage=StorageConfig(url=f"sqlite:///{folder / 'dailies.db'}"),
        archive=ArchiveConfig(url=str(folder / "archive")),
        web=WebConfig(port=0),
        playground=PlaygroundConfig(enabled=True),
        quota=QuotaConfig(**{"jobs_in_flight": 50, "credits": 2000, **quota}),
    )
