"""A clock that a test may put forward: nobody waits for what happens an hour later."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from bot.clock import SystemClock


class Clock(SystemClock):
    """The real time, and what was skipped."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._slept = asyncio.Event()
        self._asleep: dict[object, float] = {}

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        until, sleeper = self.monotonic() + seconds, object()
        self._asleep[sleeper] = seconds
        self._slept.set()
        try:
            while (left := until - self.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._moved.wait()
        finally:
            self._asleep.pop(sleeper, None)

    async def somebody_sleeps(self, longer: float, shorter: float) -> None:
        """Wait until somebody has begun to sleep, since the last skip, for about so many seconds."""
        async with asyncio.timeout(30):
            while not any(longer < one < shorter for one in self._asleep.values()):
                self._slept.clear()
                await self._slept.wait()

    def skip(self, seconds: float) -> None:
        """Put it forward; who sleeps looks again."""
        self._ahead += seconds
        self._asleep.clear()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
