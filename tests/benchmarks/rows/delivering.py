"""From the moment when a finished task is noticed until its file is in the chat, on Discord.

The output is a real picture of 5 MB. The floor is a program that only downloads it to a file and
uploads that to the same channel. Once over bare loopback, where looking into the file (in a child
process, as everything that comes from outside) is most of it, and once with Runway and Discord each
behind a wire of 100 Mbit/s.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
from PIL import Image

from tests.benchmarks.row import Row
from tests.benchmarks.wire import wire_to
from tests.discord import objects
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.scenario.evidence import read_books
from tests.scenario.processes import KEY, Bot, Simulator, bot_environment, simulator_arguments

MB, MIB = 1_000_000, 1024 * 1024
TURNS = 5
FAST = 12.5 * MB  # 100 Mbit/s
ALLOWED_RATIO = 1.5


async def measure() -> list[Row]:
    rows = []
    for how, speed in (("loopback", None), ("100 Mbit/s", FAST)):
        async with stage(speed) as scene:
            ours = median([await scene.deliver(5 * MB) for _ in range(TURNS)])
            floor = median([await scene.bare() for _ in range(TURNS)])
        name = f"noticed to visible, 5 MB, {how}"
        rows.append(Row(name, ours, "s", ALLOWED_RATIO * floor, floor=floor))
    return rows


@dataclass
class Scene:
    """The bot, Runway's stand-in, Discord's, and the addresses at which they are reached."""

    bot: Bot
    discord: Discord
    session: aiohttp.ClientSession
    folder: Path
    runway: str
    channel: str
    done: int = 0

    async def deliver(self, size: int) -> float:
        """Seconds from noticed to visible, of one picture of that size."""
        made = make_picture(self.folder / f"{size}.png", size)
        await self.discord.command("imagine", {"prompt": f"lighthouse {self.done}"})
        task = await self._task(self.done)
        copyfile(made, self.folder / "runway" / "outputs" / f"{task}.png")
        self.done += 1
        await self.discord.until(lambda: len(self.discord.results()) == self.done, 60.0)
        seen = time.time()
        return seen - self._noticed_at(task)

    async def bare(self) -> float:
        """Seconds that the latest output takes down to a file and up to the channel."""
        headers = {"Authorization": f"Bearer {KEY}", "X-Runway-Version": "2024-11-06"}
        task = await self._task(self.done - 1)
        async with self.session.get(f"{self.runway}/v1/tasks/{task}", headers=headers) as answer:
            url = (await answer.json())["output"][0]
        began, file = time.perf_counter(), self.folder / "bare.png"
        async with self.session.get(url) as answer:
            with file.open("wb") as opened:
                async for piece in answer.content.iter_chunked(MIB):
                    opened.write(piece)
        with file.open("rb") as opened:
            form = aiohttp.FormData()
            form.add_field("payload_json", '{"content":"bare"}', content_type="application/json")
            form.add_field("files[0]", opened, filename="bare.png")
            authorized = {"Authorization": f"Bot {TOKEN}"}
            async with self.session.post(self.channel, data=form, headers=authorized) as answer:
                assert answer.status == 200, await answer.text()
        return time.perf_counter() - began

    async def _task(self, number: int) -> str:
        async with asyncio.timeout(30):
            while True:
                books = await read_books(self.session, self.runway)
                if len(books.tasks) > number:
                    return list(books.tasks)[number]
                await asyncio.sleep(0.02)

    def _noticed_at(self, task: str) -> float:
        with closing(sqlite3.connect(self.folder / "dailies.db")) as database:
            query = "SELECT noticed_at FROM jobs WHERE task_id = ?"
            noticed: int = database.execute(query, (task,)).fetchone()[0]
        return noticed / 1e6


@asynccontextmanager
async def stage(speed: float | None) -> AsyncIterator[Scene]:
    """Everything started, behind wires of so many bytes a second or none."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dailies-bench-")))
        discord = Discord()
        discord.is_strict, discord.tier = False, 3
        runner = await start(discord, application(discord))
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(discord.gateway.close)
        arguments = simulator_arguments(folder / "runway", image_seconds=2)
        simulator = await Simulator.start(arguments, {}, folder)
        stack.push_async_callback(simulator.kill)
        await simulator.ready()
        session = await stack.enter_async_context(aiohttp.ClientSession())
        runway, api = simulator.url, discord.url
        if speed is not None:
            runway = f"http://127.0.0.1:{await stack.enter_async_context(_wire(runway, speed))}"
            api = f"http://127.0.0.1:{await stack.enter_async_context(_wire(api, speed))}"
        bot = await Bot.start(["run"], _environment(folder, runway, api, discord), folder)
        stack.push_async_callback(bot.kill)
        await bot.ready()
        await discord.until(lambda: discord.commands and discord.gateway.session)
        channel = f"{api}/api/v10/channels/{objects.CHANNEL}/messages"
        yield Scene(bot, discord, session, folder, runway, channel)


def _wire(url: str, speed: float) -> "AsyncIterator[int]":
    return wire_to(int(url.rpartition(":")[2]), speed)


def _environment(folder: Path, runway: str, api: str, discord: Discord) -> dict[str, str]:
    return bot_environment(
        runway,
        folder,
        DISCORD_TOKEN=TOKEN,
        DAILIES_PLAYGROUND__ENABLED="false",
        DAILIES_DISCORD__API_BASE=f"{api}/api/v10",
        DAILIES_DISCORD__GATEWAY=discord.gateway.url,
        DAILIES_QUOTA__CREDITS="100000",
    )


def make_picture(path: Path, size: int) -> Path:
    """A real PNG of about so many bytes, if it is not there: noise, which does not get smaller."""
    if path.exists():
        return path
    side = int((size / 3) ** 0.5)
    noise = os.urandom(side * side * 3)
    Image.frombytes("RGB", (side, side), noise).save(path, compress_level=0)
    return path
