"""People who keep asking: commands and cancellations, sent again when nobody answered them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.actor import Actor
from tests.chaos.rows import Rows
from tests.scenario.page import Page

PEOPLE = ("ada", "ben", "chloe")
# What goes wrong at Runway, by the words that its stand-in knows: refused creates, lost answers,
# bad answers, cut and expired outputs, failures.
WORDS = (
    *("!429", "!502", "!503", "!504", "!reset", "!slow", "!cut", "!expired", "!garbage"),
    *("!internal", "!bad-output", "!third-party"),
)
WORDS_SHARE = 0.12
CANCEL_SHARE = 0.05
ANSWER_SECONDS = 5.0
MOST_TRIES = 40


@dataclass
class Traffic:
    """`accepted` and `refused` are the events that were answered so."""

    actors: Sequence[Actor]
    rows: Rows
    session: aiohttp.ClientSession
    rng: random.Random
    note: Callable[[str], None]
    at_once: int
    words: Sequence[str] = WORDS
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sent: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _stopped: bool = False

    async def run(self) -> None:
        """Keep about `at_once` jobs on their way until `stop`; then wait for the last answers."""
        while not self._stopped:
            with suppress(Exception):
                room = self.at_once - await self.rows.unfinished() - len(self._under_way)
                for _ in range(max(0, min(room, 5))):
                    self._begin(self._ask())
                if self.rng.random() < CANCEL_SHARE:
                    self._begin(self._cancel())
            await asyncio.sleep(0.1)
        await asyncio.gather(*self._under_way)

    def stop(self) -> None:
        self._stopped = True

    def _begin(self, doing: "asyncio.Future[None] | object") -> None:
        task = asyncio.ensure_future(doing)  # type: ignore[arg-type]  # a coroutine of ours
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _ask(self) -> None:
        """One command, by one event, until somebody answers it: as platforms redeliver."""
        self.sent += 1
        event, word = f"e{self.sent}", ""
        if self.rng.random() < WORDS_SHARE:
            word = self.rng.choice(self.words)
            self.note("runway fault")
        text, member = f"/imagine fox {event} {word} --ratio 720:720", self.rng.choice(PEOPLE)
        for _ in range(MOST_TRIES):
            status = await self._command(text, member, event)
            self.answers[status] += 1
            if status == 202:
                self.accepted.append(event)
                return
            if 400 <= status < 500:
                self.refused.append(event)
                return
            await asyncio.sleep(0.2)

    async def _cancel(self) -> None:
        jobs = await self.rows.cancellable(50)
        if jobs:
            job, member = self.rng.choice(jobs)
            await self._command(f"/cancel {job}", member, None)

    async def _command(self, text: str, member: str, event: str | None) -> int:
        """The status of the answer; 0 when there was none."""
        urls = [actor.url for actor in self.actors if actor.url]
        if not urls:
            return 0
        page = Page(self.rng.choice(urls), self.session)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, _ = await page.command(text, member, event=event)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0
        return status
