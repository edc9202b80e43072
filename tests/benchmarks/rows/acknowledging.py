"""How soon a platform has its acknowledgement while the bot is at work.

1,000 jobs are in flight at Runway, asked for and shown as they should be, and 100 commands a second
arrive: one in five makes a picture, the others ask for credits. The time runs from the moment when a
platform's stand-in sends the event until it has the first response; both platforms allow 3 s. Bot,
Runway's stand-in and the platform's with all its people are three processes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from tests.benchmarks.row import Row
from tests.discord import objects
from tests.discord.asking import Asked
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.scenario.processes import Bot, Simulator, bot_environment, simulator_arguments
from tests.slack.methods import APP_TOKEN, BOT_TOKEN, SECRET, TEAM
from tests.slack.server import SlackServer
from tests.slack.workspace import Workspace

A_SECOND, SECONDS = 100, 10
IN_FLIGHT, FILLED_A_SECOND = 1000, 50
PEOPLE = 250
ALLOWED_MS = 100.0
SETTINGS = {
    "DAILIES_RUNWAY__POLL_SECONDS": "5",
    "DAILIES_PLAYGROUND__ENABLED": "false",
    "DAILIES_QUOTA__CREDITS": "1000000",
    "DAILIES_QUOTA__JOBS_IN_FLIGHT": "1000",
    "DAILIES_LIMITS__BURST": "1000",
}
Say = Callable[[str, int], Coroutine[Any, Any, object]]


async def measure() -> list[Row]:
    return [
        Row("acknowledgement, Discord, p99", await on_discord(), "ms", ALLOWED_MS),
        Row("acknowledgement, Slack, p99", await on_slack(), "ms", ALLOWED_MS),
    ]


async def on_discord() -> float:
    """Milliseconds within which 99 of 100 interactions had their first response."""
    discord = Discord()
    discord.is_strict = False
    runner = await start(discord, application(discord))
    people = [str(4000000000000001000 + number) for number in range(PEOPLE)]
    discord.users |= {id_: objects.user(id_, f"person{id_[-3:]}") for id_ in people}
    asked: list[Asked] = []

    async def say(command: str, number: int) -> None:
        options = {"prompt": f"lighthouse {number}"} if command == "imagine" else {}
        asked.append(await discord.command(command, options, who=people[number % PEOPLE]))

    try:
        async with bot_with(
            DISCORD_TOKEN=TOKEN,
            DAILIES_DISCORD__API_BASE=f"{discord.url}/api/v10",
            DAILIES_DISCORD__GATEWAY=discord.gateway.url,
        ) as running:
            await discord.until(lambda: discord.commands and discord.gateway.session)
            await crowd(say, running)
            await discord.until(lambda: all(one.callback for one in asked))
    finally:
        await discord.gateway.close()
        await runner.cleanup()
    return p99([one.took * 1000 for one in asked[IN_FLIGHT:]])


async def on_slack() -> float:
    """Milliseconds within which 99 of 100 envelopes were acknowledged over the socket."""
    server = SlackServer()
    await server.start()
    people = [f"U{number:05d}" for number in range(PEOPLE)]
    server.users |= {id_: {"id": id_, "name": id_.lower(), "team_id": TEAM} for id_ in people}
    async with aiohttp.ClientSession() as session:
        workspace = Workspace(server, session)
        workspace.furnish()

        async def say(command: str, number: int) -> None:
            text = f"/imagine lighthouse {number}" if command == "imagine" else "/credits"
            await workspace.command(text, people[number % PEOPLE])

        try:
            async with bot_with(
                DAILIES_SLACK__API_BASE=f"{server.url}/api/",
                SLACK_BOT_TOKEN=BOT_TOKEN,
                SLACK_APP_TOKEN=APP_TOKEN,
                SLACK_SIGNING_SECRET=SECRET,
            ) as running:
                await crowd(say, running)
        finally:
            await server.stop()
    return p99([seconds * 1000 for seconds in server.acks[IN_FLIGHT:]])


async def crowd(say: Say, running: Callable[[], Awaitable[int]]) -> None:
    """Fill Runway with jobs, then ask at a steady pace, whether answers come or not."""
    await at_pace(say, IN_FLIGHT, FILLED_A_SECOND, lambda _: "imagine")
    async with asyncio.timeout(60):
        while await running() < IN_FLIGHT:
            await asyncio.sleep(0.5)
    await at_pace(say, A_SECOND * SECONDS, A_SECOND, lambda n: "credits" if n % 5 else "imagine")


async def at_pace(say: Say, many: int, a_second: int, command: Callable[[int], str]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as asking:
        for number in range(many):
            await asyncio.sleep(max(0.0, began + number / a_second - loop.time()))
            asking.create_task(say(command(number), number))


@asynccontextmanager
async def bot_with(**platform: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """The bot as a process, on a platform; yields what tells how many tasks Runway has."""
    with TemporaryDirectory(prefix="dailies-bench-") as name:
        folder = Path(name)
        options = {"image_seconds": 300, "queue_seconds": 0, "concurrency": 5000}
        unlimited = {"daily_limit": 1_000_000, "balance": 100_000_000}
        arguments = simulator_arguments(folder / "runway", **options, **unlimited)
        simulator = await Simulator.start(arguments, {}, folder)
        try:
            await simulator.ready()
            settings = {**SETTINGS, "DAILIES_LOG__LEVEL": "info", **platform}
            bot = await Bot.start(
                ["run"], bot_environment(simulator.url, folder, **settings), folder
            )
            try:
                await bot.ready()
                async with aiohttp.ClientSession() as session:
                    yield lambda: tasks_at(session, simulator.url)
            finally:
                await bot.kill()
        finally:
            await simulator.kill()


async def tasks_at(session: aiohttp.ClientSession, runway: str) -> int:
    async with session.get(f"{runway}/_simulator/books") as answer:
        return len((await answer.json())["tasks"])


def p99(values: list[float]) -> float:
    ordered = sorted(values)
    print(f"  half within {ordered[len(ordered) // 2]:.0f} ms, all within {ordered[-1]:.0f} ms")
    return ordered[int(len(ordered) * 0.99)]
