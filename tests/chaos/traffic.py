"""People who keep asking, and now and then change their minds."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.chaos.chat import Chat
from tests.chaos.rows import Rows

# What goes wrong at Runway, by the words that its stand-in knows: refused creates, lost answers,
# bad answers, cut and expired outputs, failures.
WORDS = (
    *("!429", "!502", "!503", "!504", "!reset", "!slow", "!cut", "!expired", "!garbage"),
    *("!internal", "!bad-output", "!third-party"),
)
WORDS_SHARE = 0.12
CANCEL_SHARE = 0.05


@dataclass
class Traffic:
    """`sent` commands, each with a prompt of its own."""

    chat: Chat
    rows: Rows
    rng: random.Random
    note: Callable[[str], None]
    at_once: int
    words: Sequence[str] = WORDS
    sent: int = 0
    unanswered: int = 0
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

    def _begin(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _ask(self) -> None:
        self.sent += 1
        event, word = f"e{self.sent}", ""
        if self.rng.random() < WORDS_SHARE:
            word = self.rng.choice(self.words)
            self.note("runway fault")
        prompt = " ".join(filter(None, ("fox", event, word)))
        if not await self.chat.ask(event, prompt, self.rng.choice(self.chat.members)):
            self.unanswered += 1

    async def _cancel(self) -> None:
        jobs = await self.rows.cancellable(50)
        if jobs:
            await self.chat.cancel(*self.rng.choice(jobs))
