"""The organisation's credits and its use, all worked out from the tasks."""

from collections import defaultdict, deque
from datetime import UTC, date, datetime

from bot.runway.simulator.board import Board
from bot.runway.simulator.tasks import NEVER, Task, cost_of

DAY = 86400.0


def day_of(at: float) -> date:
    """The UTC day of a time in epoch seconds."""
    return datetime.fromtimestamp(at, UTC).date()


class Ledger:
    """What was charged. Ended tasks are summed once, so that asking stays cheap."""

    def __init__(self, board: Board, balance: int) -> None:
        self._board = board
        self._balance = balance
        self._settled = 0
        self._open: set[str] = set()
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        for task in board:
            self.add(task)

    def add(self, task: Task) -> None:
        """Count a task from now on."""
        self._open.add(task.id)
        self._recent[task.model].append(task.created)

    def charged(self, now: float) -> int:
        """The credits taken so far, less what came back."""
        tasks = [self._board[id] for id in self._open]
        ended = [task for task in tasks if task.ends <= now]
        self._settled += sum(cost_of(task, now) for task in ended)
        self._open.difference_update(task.id for task in ended)
        return self._settled + sum(cost_of(task, now) for task in tasks if task.ends > now)

    def balance(self, now: float) -> int:
        """The credits that are left."""
        return self._balance - self.charged(now)

    def generations(self, model: str, now: float) -> int:
        """How many tasks of a model were made in the last 24 hours."""
        recent = self._recent[model]
        while recent and recent[0] <= now - DAY:
            recent.popleft()
        return len(recent)

    def usage(self, now: float) -> dict[date, dict[str, int]]:
        """Credits per UTC day and model: charged when made, refunds on the day they came."""
        days: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for task in self._board:
            days[day_of(task.created)][task.model] += task.credits
            refund = task.credits - cost_of(task, now)
            if refund and task.ends != NEVER:
                days[day_of(task.ends)][task.model] -= refund
        return days
