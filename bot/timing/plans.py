"""What a worker has in hand: at most one step of each job under way, and one for later."""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from itertools import count

Step = Coroutine[None, None, None]
Action = Callable[[str], None]

# Of thousands that are due in one moment, so many are begun before others have their turn.
MOST_AT_ONCE = 8


class Plans:
    """Forgets everything when the process dies; rows are the truth."""

    def __init__(self) -> None:
        self._steps: dict[str, asyncio.Task[None]] = {}
        # What is planned for each job; the heap may hold what was planned before as well.
        self._planned: dict[str, tuple[int, Action]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def has(self, job_id: str) -> bool:
        """Whether anything will happen to a job by itself."""
        return job_id in self._steps or job_id in self._planned

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

    def later(self, job_id: str, seconds: float, action: Action) -> None:
        """Call `action` with the job in so many seconds, instead of what was planned before."""
        if self._closed:
            return
        number = next(self._numbers)
        self._planned[job_id] = number, action
        heapq.heappush(self._heap, (asyncio.get_running_loop().time() + seconds, number, job_id))
        if self._heap[0][1] == number:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._heap:
            self._timer = asyncio.get_running_loop().call_at(self._heap[0][0], self._due)

    def _due(self) -> None:
        """Begin what is due; the rest of a crowd in the next round of the loop."""
        now, begun = asyncio.get_running_loop().time(), 0
        try:
            while self._heap and self._heap[0][0] <= now and begun < MOST_AT_ONCE:
                _, number, job_id = heapq.heappop(self._heap)
                planned = self._planned.get(job_id)
                if planned is not None and planned[0] == number:
                    del self._planned[job_id]
                    begun += 1
                    planned[1](job_id)
        finally:
            self._set_timer()

    def close(self) -> None:
        """Begin nothing any more."""
        self._closed = True

    async def wait(self, seconds: float) -> None:
        """Let the steps under way end, for at most so long."""
        if self._steps:
            await asyncio.wait(list(self._steps.values()), timeout=seconds)

    async def drop(self) -> None:
        """Give up everything that is under way or planned."""
        self._planned.clear()
        self._heap.clear()
        self._set_timer()
        steps = list(self._steps.values())
        for step in steps:
            step.cancel()
        await asyncio.gather(*steps, return_exceptions=True)
