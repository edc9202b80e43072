"""All tasks, and who may run: per model first in, first out, so many at once."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from heapq import nlargest

from bot.runway.simulator.folder import Folder
from bot.runway.simulator.tasks import Task


class Board:
    """Keeps tasks in memory and every change of one in the folder.

    A place that frees goes to the next in line at the very time it freed, worked out from the
    records, so that a restart or a clock that jumped gives the same times.
    """

    def __init__(self, folder: Folder, concurrency: int) -> None:
        self._folder = folder
        self._concurrency = concurrency
        self._tasks: dict[str, Task] = {}
        self._waiting: dict[str, deque[str]] = defaultdict(deque)
        self._places: dict[str, list[str]] = defaultdict(list)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def __len__(self) -> int:
        return len(self._tasks)

    def __getitem__(self, id: str) -> Task:
        return self._tasks[id]

    def find(self, id: str) -> Task | None:
        """The task with this id, unless it was never made, was cancelled or deleted."""
        task = self._tasks.get(id)
        return None if task is None or task.gone else task

    def restore(self, tasks: Iterable[Task]) -> None:
        """Take over the tasks of an earlier run."""
        admitted: dict[str, list[Task]] = defaultdict(list)
        for task in sorted(tasks, key=lambda each: each.number):
            self._tasks[task.id] = task
            if task.admitted is not None:
                admitted[task.model].append(task)
            elif not task.gone:
                self._waiting[task.model].append(task.id)
        for model, those in admitted.items():
            latest = nlargest(self._concurrency, those, key=lambda each: each.ends)
            self._places[model] = [each.id for each in latest]

    def enter(self, task: Task) -> Task:
        """Add a new task to the end of its model's line; returns it as it then stands."""
        self.keep(task)
        self._waiting[task.model].append(task.id)
        self._admit(task.model, task.created)
        return self._tasks[task.id]

    def keep(self, task: Task) -> None:
        """Write down a task as it now is."""
        self._folder.save_task(task)
        self._tasks[task.id] = task

    def advance(self, now: float) -> None:
        """Admit whoever's turn came by the time `now`."""
        for model in [model for model, line in self._waiting.items() if line]:
            self._admit(model, now)

    def _admit(self, model: str, now: float) -> None:
        line, places = self._waiting[model], self._places[model]
        while line:
            task = self._tasks[line[0]]
            if task.gone:
                line.popleft()
                continue
            turn = task.created
            if len(places) >= self._concurrency:
                first = min(places, key=lambda id: self._tasks[id].ends)
                turn = max(turn, self._tasks[first].ends)
                if turn > now:
                    return
                places.remove(first)
            places.append(line.popleft())
            self.keep(task.model_copy(update={"admitted": turn}))
