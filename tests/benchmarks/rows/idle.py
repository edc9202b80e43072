"""A bot with the playground on and nothing to do: its share of a core, and its memory."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bot.runway.simulator import SimulatorSettings, serve
from tests.benchmarks.processes import FreshBot
from tests.benchmarks.row import Row

SETTLING_SECONDS = 3.0
SECONDS = 30.0


async def measure() -> list[Row]:
    runway = await serve(SimulatorSettings())
    with TemporaryDirectory(prefix="dailies-bench-") as folder:
        async with FreshBot(runway.url, Path(folder)) as bot:
            await asyncio.sleep(SETTLING_SECONDS)
            before = _cpu(bot.usage)
            await asyncio.sleep(SECONDS)
            share = (_cpu(bot.usage) - before) / SECONDS * 100
            megabytes = bot.usage.memory_info().rss / 1e6
    await runway.stop()
    return [
        Row("idle, share of a core", share, "%", 0.5),
        Row("idle, resident memory", megabytes, "MB", 120),
    ]


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system
