"""An output of 200 MB on each platform: the bot's memory beyond its own, and its longest standstill.

Bot, Runway's stand-in and the platform's with its people are three processes; what Runway made is a
real picture of noise. One of 5 MB goes first, so that everything is loaded; then the peak of the
bot's resident memory is read, and the longest round of its event loop. The child process that looks
into the file is not the bot; nor is the browser, to which the playground's page gives the file.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import aiohttp

from tests.benchmarks.row import Row
from tests.benchmarks.rows.delivering import make_picture
from tests.benchmarks.watched import WatchedBot
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.scenario.evidence import read_books
from tests.scenario.page import Page
from tests.scenario.processes import Simulator, bot_environment, simulator_arguments
from tests.slack.methods import APP_TOKEN, BOT_TOKEN, SECRET
from tests.slack.server import SlackServer
from tests.slack.workspace import Workspace, is_result

MB = 1_000_000
ALLOWED_MIB, ALLOWED_MS = 32.0, 20.0
WITHIN = 60.0
SETTINGS = {"DAILIES_QUOTA__CREDITS": "100000", "DAILIES_PLAYGROUND__ENABLED": "false"}


@dataclass
class Place:
    """Where somebody asks for a picture; `shown` says how many results are there, fetched whole."""

    ask: Callable[[str], Awaitable[object]]
    shown: Callable[[], Awaitable[int]]
    environment: dict[str, str] = field(default_factory=dict)
    begun: Callable[[WatchedBot], Awaitable[object]] | None = None


async def measure() -> list[Row]:
    rows = []
    for name, platform in PLATFORMS.items():
        async with platform() as place:
            extra, standstill = await _delivered(place)
        rows += [
            Row(f"extra memory for 200 MB, {name}", extra, "MiB", ALLOWED_MIB),
            Row(f"longest standstill for 200 MB, {name}", standstill, "ms", ALLOWED_MS),
        ]
    return rows


async def _delivered(place: Place) -> tuple[float, float]:
    """MiB beyond what it had before, and milliseconds."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dailies-bench-")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        runway = folder / "runway"
        simulator = await Simulator.start(simulator_arguments(runway, image_seconds=2), {}, folder)
        stack.push_async_callback(simulator.kill)
        await simulator.ready()
        environment = bot_environment(simulator.url, folder, **{**SETTINGS, **place.environment})
        bot = await WatchedBot.start(["run"], environment, folder)
        stack.push_async_callback(bot.kill)
        await bot.ready()
        if place.begun is not None:
            await place.begun(bot)
        for number, size in enumerate((5 * MB, 200 * MB)):
            before, bot.longest.seconds = _memory(bot, "VmRSS"), 0.0
            made = await asyncio.to_thread(make_picture, folder / f"{size}.png", size)
            await place.ask(f"lighthouse {number}")
            task = await _task(session, simulator.url, number)
            await asyncio.to_thread(copyfile, made, runway / "outputs" / f"{task}.png")
            async with asyncio.timeout(WITHIN):
                while await place.shown() <= number:
                    await asyncio.sleep(0.05)
        return _memory(bot, "VmHWM") - before, bot.longest.seconds * 1000


def _memory(bot: WatchedBot, which: str) -> float:
    """Resident memory in MiB, now or at its peak."""
    status = Path(f"/proc/{bot.child.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(which))
    return int(line.split()[1]) / 1024


async def _task(session: aiohttp.ClientSession, runway: str, number: int) -> str:
    async with asyncio.timeout(WITHIN):
        while len(tasks := list((await read_books(session, runway)).tasks)) <= number:
            await asyncio.sleep(0.02)
    return tasks[number]


@asynccontextmanager
async def on_discord() -> AsyncIterator[Place]:
    discord = Discord()
    discord.is_strict, discord.tier = False, 3
    runner = await start(discord, application(discord))

    async def listening(_: WatchedBot) -> None:
        await discord.until(lambda: discord.commands and discord.gateway.session)

    async def shown() -> int:
        return len(discord.results())

    environment = {
        "DISCORD_TOKEN": TOKEN,
        "DAILIES_DISCORD__API_BASE": f"{discord.url}/api/v10",
        "DAILIES_DISCORD__GATEWAY": discord.gateway.url,
    }
    try:
        yield Place(
            lambda prompt: discord.command("imagine", {"prompt": prompt}),
            shown,
            environment,
            listening,
        )
    finally:
        await discord.gateway.close()
        await runner.cleanup()


@asynccontextmanager
async def on_slack() -> AsyncIterator[Place]:
    server = SlackServer()
    await server.start()
    environment = {
        "DAILIES_SLACK__API_BASE": f"{server.url}/api/",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
    }
    async with aiohttp.ClientSession() as session:
        workspace = Workspace(server, session)
        workspace.furnish()

        async def shown() -> int:
            return sum(is_result(message) for message in workspace.in_channel())

        try:
            yield Place(lambda prompt: workspace.command(f"/imagine {prompt}"), shown, environment)
        finally:
            await server.stop()


@asynccontextmanager
async def on_playground() -> AsyncIterator[Place]:
    async with aiohttp.ClientSession() as session:
        page = Page("", session)

        async def found(bot: WatchedBot) -> None:
            page.url = bot.url

        async def shown() -> int:
            files = [file for m in await page.messages("ada") for file in m["attachments"] or ()]
            for file in files:
                async with session.get(page.url + file["url"]) as answer:
                    assert answer.status == 200
                    async for _ in answer.content.iter_chunked(MB):
                        pass
            return len(files)

        yield Place(
            lambda prompt: page.command(f"/imagine {prompt}"),
            shown,
            {"DAILIES_PLAYGROUND__ENABLED": "true"},
            found,
        )


PLATFORMS: dict[str, Callable[[], AbstractAsyncContextManager[Place]]] = {
    "Discord": on_discord,
    "Slack": on_slack,
    "playground": on_playground,
}
