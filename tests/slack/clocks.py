"""Clocks on which minutes pass at once."""

import asyncio
import itertools
from datetime import UTC, datetime


class JumpingClock:
    """Time passes only while everybody waits; the time of day may be off."""

    def __init__(self) -> None:
        self.time = 0.0
        self.off = 0.0
        self.sleeping = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time + self.off, UTC)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        self.time += seconds


class HandClock:
    """Time passes only when a test says so."""

    def __init__(self) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + seconds, waiting))
        await waiting

    async def pass_by(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, step by step; whoever wakes does what there is to do before the next."""
        for _ in range(round(seconds / step)):
            self.time += step
            due = [waiting for at, waiting in self._sleepers if at <= self.time]
            self._sleepers = [s for s in self._sleepers if s[0] > self.time]
            for waiting in due:
                if not waiting.done():
                    waiting.set_result(None)
            if due:
                await self.all_asleep()

    async def all_asleep(self) -> None:
        """Until somebody sleeps again."""
        async with asyncio.timeout(30):
            for turn in itertools.count():
                if self._sleepers:
                    return
                await asyncio.sleep(0 if turn < 50 else 0.005)
