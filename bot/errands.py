"""Work that goes on beside what began it, until it is done or everything stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Errands:
    """Holds on to tasks, which nobody else does."""

    def __init__(self) -> None:
        self.under_way: set[asyncio.Task[Any]] = set()
        self.is_stopped = False

    def begin(self, work: Coroutine[None, None, T], name: str) -> asyncio.Task[T]:
        """Let it go on by itself; the name is what a task is known by where tasks are listed."""
        task = asyncio.create_task(work, name=name)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    async def stop(self) -> None:
        """End what is under way."""
        self.is_stopped = True
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)
