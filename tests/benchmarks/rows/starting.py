"""From the command to a bot that is ready, with ten thousand old jobs in its database."""

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.runway.simulator import SimulatorSettings, serve
from storage.engines.opening import open_database
from tests.benchmarks.past import remember
from tests.benchmarks.processes import FreshBot
from tests.benchmarks.row import Row

OLD_JOBS = 10_000
STARTS = 5


async def measure() -> list[Row]:
    runway = await serve(SimulatorSettings())
    with TemporaryDirectory(prefix="dailies-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'dailies.db'}"
        await (await open_database(url)).close()
        await remember(url, OLD_JOBS)
        # The first one fills the disk's cache and Python's.
        seconds = [await _start(runway.url, folder) for _ in range(STARTS + 1)][1:]
    await runway.stop()
    return [Row("start to ready, 10,000 old jobs", statistics.median(seconds), "s", 2.0)]


async def _start(runway_url: str, folder: Path) -> float:
    async with FreshBot(runway_url, folder) as bot:
        return bot.seconds
