"""Callers that ask in one moment share a transaction, as passengers share a lift.

Whoever comes while one is under way waits for the next, so that a single caller waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from bot.errors import StorageUnavailable

A = TypeVar("A")
R = TypeVar("R")

MOST_TOGETHER = 100


class Gathering(Generic[A, R]):
    """`run` does many at once, all or nothing; no two of them share a mark."""

    def __init__(
        self,
        run: Callable[[Sequence[A]], Awaitable[Sequence[R]]],
        marks: Callable[[A], frozenset[Hashable]],
    ) -> None:
        self._run = run
        self._marks = marks
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, one: A) -> R:
        """What `run` gives for this one, or raises when it is run alone."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="gathering")
        return await answer

    async def _work(self) -> None:
        try:
            while batch := self._next():
                await self._answer(batch)
        finally:
            # Whoever is left when the loop ends is told so.
            for _, answer in self._waiting:
                answer.cancel()

    def _next(self) -> list[tuple[A, asyncio.Future[R]]]:
        """The first of those that wait and share nothing; the others keep their order."""
        batch: list[tuple[A, asyncio.Future[R]]] = []
        left: list[tuple[A, asyncio.Future[R]]] = []
        marked: set[Hashable] = set()
        for one, answer in self._waiting:
            if answer.done():
                continue  # nobody waits for it any more
            marks = self._marks(one)
            if len(batch) == MOST_TOGETHER or marks & marked:
                left.append((one, answer))
            else:
                batch.append((one, answer))
            marked |= marks
        self._waiting = left
        return batch

    async def _answer(self, batch: Sequence[tuple[A, asyncio.Future[R]]]) -> None:
        try:
            results = await self._run([one for one, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is the callers' to handle
            if len(batch) > 1 and not isinstance(error, StorageUnavailable):
                # One of them is at fault; alone, each gets what is its own.
                for each in batch:
                    await self._answer([each])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        except BaseException:
            for _, answer in batch:
                answer.cancel()
            raise
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)
