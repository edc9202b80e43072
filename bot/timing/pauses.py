"""Trying again after a pause that grows."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count, islice

from bot.ports import Clock

# What waits for five minutes and up to half as much again is tried so often in a day.
IN_A_DAY = 230


@dataclass(frozen=True)
class Pauses:
    """How often something is tried, and how long the pauses between are, in seconds.

    `most_attempts` of None: until whoever tries has had enough.
    """

    most_attempts: int | None = 8
    first: float = 2.0
    longest: float = 300.0

    async def attempts(self, clock: Clock) -> AsyncIterator[int]:
        """Yield 1, 2, 3 …, with a pause before each but the first."""
        for attempt in islice(count(1), self.most_attempts):
            if attempt > 1:
                pause = min(self.longest, self.first * 2.0 ** min(attempt - 2, 32))
                await clock.sleep(pause * (1 + random.random() / 2))  # noqa: S311 - spreads load
            yield attempt
