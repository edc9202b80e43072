"""A bot process and a simulator over one folder, through any number of deaths of the bot."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.scenario.evidence import (
    Accounts,
    Books,
    read_accounts,
    read_books,
    until_task,
    violations,
)
from tests.scenario.page import Message, Page
from tests.scenario.processes import Bot, Simulator
from tests.scenario.stage import simulator_on


@dataclass(frozen=True)
class Proof:
    """What a run left behind, read when the bot had ended in good order."""

    books: Books
    accounts: Accounts
    messages: list[Message]

    @property
    def violations(self) -> list[str]:
        return violations(self.books, self.accounts, self.messages)


@dataclass
class Theatre:
    """Starts, kills and restarts; `prove` stops the bot and reads all three books."""

    _start_simulator: Callable[..., Awaitable[Simulator]]
    _start_bot: Callable[..., Awaitable[Bot]]
    _stack: AsyncExitStack
    session: aiohttp.ClientSession
    folder: Path
    simulator_url: str = ""
    _simulators: list[Simulator] = field(default_factory=list)
    _bots: list[Bot] = field(default_factory=list)

    async def open(self, failpoint: str | None = None, **simulator: object) -> Page:
        """A bot that dies at `failpoint`, and a simulator in the test's own process."""
        await self.open_runway(**simulator)
        return await self.start_bot(failpoint)

    async def open_runway(self, **simulator: object) -> None:
        """Only a simulator, in the test's own process."""
        running = simulator_on(self.folder, **simulator)
        self.simulator_url = (await self._stack.enter_async_context(running)).url

    async def open_apart(self, failpoint: str | None = None, **simulator: object) -> Page:
        """Like `open` with a simulator process, which can be made to stand still."""
        self._simulators.append(await self._start_simulator(**simulator))
        self.simulator_url = self.simulator.url
        return await self.start_bot(failpoint)

    async def start_bot(self, failpoint: str | None = None, **environment: str) -> Page:
        """Start the next bot on the same folder."""
        armed = {"DAILIES_FAILPOINT": failpoint} if failpoint else {}
        bot = await self._start_bot(self.simulator_url, **armed, **environment)
        self._bots.append(bot)
        return Page(bot.url, self.session)

    @property
    def bot(self) -> Bot:
        return self._bots[-1]

    @property
    def simulator(self) -> Simulator:
        return self._simulators[-1]

    async def books(self) -> Books:
        return await read_books(self.session, self.simulator_url)

    async def until_task(self, status: str) -> None:
        """Wait until the newest task at Runway has this status."""
        await until_task(self.session, self.simulator_url, status)

    def accounts(self) -> Accounts:
        return read_accounts(self.folder / "dailies.db")

    async def prove(self) -> Proof:
        """End the bot with SIGTERM, then read what there is to read."""
        messages = await Page(self.bot.url, self.session).messages()
        await self.bot.end()
        return Proof(await self.books(), self.accounts(), messages)
