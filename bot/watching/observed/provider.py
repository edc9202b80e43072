"""Runway, measured: what went wrong, how often a task was asked for, what is left."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from bot.errors import ProviderError, TaskGone
from bot.ports import Organization, Provider, Task, TaskStatus
from bot.requests import GenerationRequest
from bot.watching.metrics import Metrics
from bot.watching.telemetry import Span

_OVER = (TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED)
# A task that is cancelled here is not asked for again; so many are remembered, the oldest go.
MOST_COUNTED = 10_000


class ObservedProvider:
    """Implements bot.ports.Provider on another one."""

    def __init__(self, inner: Provider, metrics: Metrics, span: Span) -> None:
        self._inner = inner
        self._metrics = metrics
        self._span = span
        self._polls: dict[str, int] = {}

    async def prepare(self, request: GenerationRequest) -> Mapping[str, str]:
        with self._call("prepare"):
            return await self._inner.prepare(request)

    async def create(self, request: GenerationRequest, uris: Mapping[str, str]) -> str:
        with self._call("create"):
            return await self._inner.create(request, uris)

    async def task(self, task_id: str) -> Task:
        self._polls[task_id] = self._polls.get(task_id, 0) + 1
        if len(self._polls) > MOST_COUNTED:
            del self._polls[next(iter(self._polls))]
        with self._call("task"):
            try:
                task = await self._inner.task(task_id)
            except TaskGone:
                self._polls.pop(task_id, None)
                raise
        if task.status == TaskStatus.THROTTLED:
            self._metrics.throttled.inc()
        if task.status in _OVER:
            self._metrics.polls.observe(self._polls.pop(task_id, 1))
        return task

    async def delete(self, task_id: str) -> None:
        self._polls.pop(task_id, None)
        with self._call("delete"):
            await self._inner.delete(task_id)

    async def organization(self) -> Organization:
        with self._call("organization"):
            found = await self._inner.organization()
        self._metrics.balance.set(found.balance)
        return found

    async def usage(self, start: date, before: date) -> Mapping[tuple[date, str], int]:
        with self._call("usage"):
            return await self._inner.usage(start, before)

    @contextmanager
    def _call(self, call: str) -> Iterator[None]:
        try:
            with self._span(f"runway {call}", {}):
                yield
        except ProviderError as error:
            self._metrics.errors.labels(call, type(error).__name__).inc()
            raise
