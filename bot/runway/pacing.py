"""No task is asked for more often than Runway allows, whoever in this process asks."""

from bot.ports import Clock

# Tasks that have not been asked for in this long are forgotten.
FORGET_SECONDS = 3600.0


class Pacer:
    """Lets one question for a task through every `floor` seconds."""

    def __init__(self, floor: float, clock: Clock) -> None:
        self._floor = floor
        self._clock = clock
        self._next: dict[str, float] = {}

    async def wait(self, task_id: str) -> None:
        """Return when the task may be asked for, having taken that moment."""
        now = self._clock.monotonic()
        turn = max(now, self._next.get(task_id, 0.0))
        self._next[task_id] = turn + self._floor
        self._forget_old(now)
        if turn > now:
            await self._clock.sleep(turn - now)

    def forget(self, task_id: str) -> None:
        self._next.pop(task_id, None)

    def _forget_old(self, now: float) -> None:
        # Insertion order is not the order of use, but the front is old enough to look at.
        while self._next:
            task_id, turn = next(iter(self._next.items()))
            if turn > now - FORGET_SECONDS:
                break
            del self._next[task_id]
