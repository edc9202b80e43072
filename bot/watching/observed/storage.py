"""The storage, measured: how jobs end, how long Runway worked, what members paid."""

from datetime import datetime
from typing import Any

from bot.credits import Outcome
from bot.jobs import Job, State
from bot.watching.metrics import Metrics
from storage.database import Database
from storage.rules import Defaults
from storage.storage import SqlStorage


class ObservedStorage(SqlStorage):
    """Counts what was written down, once it is."""

    def __init__(self, database: Database, defaults: Defaults, metrics: Metrics) -> None:
        super().__init__(database, defaults)
        self._metrics = metrics

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        job = await super().advance(job, to, **changes)
        if to is State.COLLECTING and job.started_at and job.noticed_at:
            seconds = (job.noticed_at - job.started_at).total_seconds()
            self._metrics.task.labels(job.request.model).observe(max(0.0, seconds))
        return job

    async def finish(
        self,
        job: Job,
        to: State,
        outcome: Outcome,
        now: datetime,
        cost: int | None = None,
        **changes: Any,
    ) -> Job:
        job = await super().finish(job, to, outcome, now, cost, **changes)
        self._metrics.ended.labels(job.request.model, to.value).inc()
        self._metrics.captured.labels(job.request.model).inc(job.charged or 0)
        if to is State.FAILED:
            self._metrics.count_failure(job.failure or "")
        return job
