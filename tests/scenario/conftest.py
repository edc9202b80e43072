"""Fixtures that start the real thing: as processes that may be killed, or in the test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from structlog.typing import EventDict

from tests.scenario.processes import Bot, Simulator, bot_environment, simulator_arguments
from tests.scenario.stage import Stage, bot_on, simulator_on
from tests.scenario.theatre import Theatre


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's config.toml and key must not reach a test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNWAYML_API_SECRET", raising=False)


@pytest.fixture
def errors_logged() -> list[str]:
    """Every event that the bot in this process logs as an error, as text with its traceback."""
    found: list[str] = []

    def collect(_: object, level: str, event: EventDict) -> EventDict:
        if level in ("error", "critical"):
            found.append(str(structlog.processors.format_exc_info(None, level, dict(event))))
        raise structlog.DropEvent

    structlog.configure(processors=[collect])
    return found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as opened:
        yield opened


@pytest.fixture
async def start_simulator(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Simulator]]]:
    """Start simulator processes: `await start_simulator(concurrency=1)`."""
    async with AsyncExitStack() as stack:

        async def start(**options: object) -> Simulator:
            arguments = simulator_arguments(tmp_path / "runway", **options)
            simulator = await Simulator.start(arguments, {}, tmp_path)
            stack.push_async_callback(simulator.kill)
            return await simulator.ready()

        yield start


@pytest.fixture
async def start_bot(known_folder: Path) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Start bot processes on the test's folder: `await start_bot(url, DAILIES_FAILPOINT="…")`.

    `folder` gives another folder; `wait=False` does not wait until it is ready.
    """
    async with AsyncExitStack() as stack:

        async def start(
            url: str, *, folder: Path = known_folder, wait: bool = True, **environment: str
        ) -> Bot:
            bot = await Bot.start(
                ["run"], bot_environment(url, folder, **environment), known_folder
            )
            stack.push_async_callback(bot.kill)
            return await bot.ready() if wait else bot

        yield start


@pytest.fixture
async def theatre(
    start_simulator: Callable[..., Awaitable[Simulator]],
    start_bot: Callable[..., Awaitable[Bot]],
    session: aiohttp.ClientSession,
    tmp_path: Path,
) -> AsyncIterator[Theatre]:
    """A bot that can be killed and started again; nothing is started yet."""
    async with AsyncExitStack() as stack:
        yield Theatre(start_simulator, start_bot, stack, session, tmp_path)


@pytest.fixture
async def open_stage(
    known_folder: Path, session: aiohttp.ClientSession, errors_logged: list[str]
) -> AsyncIterator[Callable[..., Awaitable[Stage]]]:
    """Bot and simulator in this process: `await open_stage({"concurrency": 1}, credits=100)`.

    The first argument are the simulator's settings, the others the bot's quota settings. Whatever
    a test does there, the bot must not have logged an error in the end.
    """
    async with AsyncExitStack() as stack:

        async def start(settings: dict[str, Any] | None = None, **quota: Any) -> Stage:
            simulator = simulator_on(known_folder, **(settings or {}))
            bot = bot_on(known_folder, await stack.enter_async_context(simulator), session, **quota)
            return await stack.enter_async_context(bot)

        yield start
    assert errors_logged == []


@pytest.fixture
async def stage(open_stage: Callable[..., Awaitable[Stage]]) -> Stage:
    return await open_stage()
