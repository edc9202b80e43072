"""What a worker has in hand: at most one step of each job under way, and one for later."""

import asyncio
from collections.abc import Callable, Coroutine

Step = Coroutine[None, None, None]


class Plans:
    """Forgets everything when the process dies; rows are the truth."""

    def __init__(self) -> None:
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closed = False

    def has(self, job_id: str) -> bool:
        """Whether anything will happen to a job by itself."""
        return job_id in self._steps or job_id in self._timers

    def begin(self, job_id: str, step: Step, guard: Callable[[str, Step], Step]) -> bool:
        """Run a step of a job under a guard, unless one is under way already."""
        if job_id in self._steps or self._closed:
            step.close()
            return False
        task = asyncio.create_task(guard(job_id, step), name=f"job {job_id}")
        self._steps[job_id] = task
        task.add_done_callback(lambda _: self._steps.pop(job_id, None))
        # A task that is cancelled before it begins never gets to its step.
        task.add_done_callback(lambda _: step.close())
        return True

    def later(self, job_id: str, seconds: float, action: Callable[[str], None]) -> None:
        """Call `action` with the job in so many seconds, instead of what was planned before."""
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.cancel()
        if not self._closed:
            loop = asyncio.get_running_loop()
            self._timers[job_id] = loop.call_later(seconds, self._due, job_id, action)

    def _due(self, job_id: str, action: Callable[[str], None]) -> None:
        self._timers.pop(job_id, None)
        action(job_id)

    def close(self) -> None:
        """Begin nothing any more."""
        self._closed = True

    async def wait(self, seconds: float) -> None:
        """Let the steps under way end, for at most so long."""
        if self._steps:
            await asyncio.wait(list(self._steps.values()), timeout=seconds)

    async def drop(self) -> None:
        """Give up everything that is under way or planned."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        steps = list(self._steps.values())
        for step in steps:
            step.cancel()
        await asyncio.gather(*steps, return_exceptions=True)
