"""A task at Runway: asked for by its id until it has ended, or cancelled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.credits import Outcome, failure_outcome
from bot.errors import ProviderError, TaskGone
from bot.estimates import Estimates
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.messages.cards import Progress
from bot.ports import Clock, Provider, Storage, Task, TaskStatus
from bot.presenter import Presenter

log = structlog.get_logger()

# A task was seen to be unknown for about a second after it was made; be generous.
GRACE = timedelta(seconds=30)
# After so many questions without an answer the owner is told that Runway is silent.
ERRORS_TO_MENTION = 3


@dataclass(slots=True)
class Watched:
    """What is known of a running job beside its row."""

    job: Job
    started_at: datetime | None = None
    errors: int = 0
    outputs: tuple[str, ...] = ()


class Watch:
    """Looks at tasks; a look is a read, and only a change is written down."""

    def __init__(
        self,
        storage: Storage,
        provider: Provider,
        presenter: Presenter,
        estimates: Estimates,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._presenter = presenter
        self._estimates = estimates
        self._clock = clock

    async def look(self, watched: Watched) -> Job:
        """Ask once; the job comes back running, or in its next state."""
        job = watched.job
        try:
            task = await self._provider.task(job.task_id or "")
        except TaskGone:
            return await self._gone(watched)
        except ProviderError as error:
            watched.errors += 1
            log.info("no answer", job=job.id, error=str(error), times=watched.errors)
            if watched.errors >= ERRORS_TO_MENTION:
                await self._presenter.show(job, Progress(trouble=True))
            return job
        watched.errors = 0
        return await self._judge(watched, task)

    async def _judge(self, watched: Watched, task: Task) -> Job:
        job, now = watched.job, self._clock.now()
        if task.status == TaskStatus.SUCCEEDED and task.outputs:
            watched.outputs = task.outputs
            started = watched.started_at or job.submitted_at
            failpoint("watch.noticed")
            return await self._storage.advance(
                job, State.COLLECTING, cost=task.cost, started_at=started, noticed_at=now
            )
        if task.status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED):
            code = task.failure_code or ("OUTPUT" if task.status == "SUCCEEDED" else "INTERNAL")
            log.info("task failed", job=job.id, task=task.id, code=code)
            return await self._storage.finish(
                job, State.FAILED, failure_outcome(code), now, task.cost, failure=code
            )
        if task.status == TaskStatus.CANCELLED:
            # Not by us: somebody with the same key did.
            return await self._storage.finish(job, State.CANCELLED, Outcome.FAILED, now, task.cost)
        if job.cancel_requested:
            return await self._cancel(job, task)
        await self._show(watched, task, now)
        return job

    async def _show(self, watched: Watched, task: Task, now: datetime) -> None:
        if task.status != TaskStatus.RUNNING:
            throttled = task.status == TaskStatus.THROTTLED
            await self._presenter.show(watched.job, Progress(throttled=throttled))
            return
        watched.started_at = watched.started_at or now
        request = watched.job.request
        eta = self._estimates.ready(request, watched.started_at, now, task.progress)
        await self._presenter.show(watched.job, Progress(eta=eta, fraction=task.progress))

    async def _cancel(self, job: Job, task: Task) -> Job:
        """Cancel at Runway; the status just seen decides what it costs."""
        try:
            await self._provider.delete(task.id)
        except ProviderError as error:
            log.warning("not cancelled yet", job=job.id, error=str(error))
            return job
        failpoint("cancel.sent")
        running = task.status == TaskStatus.RUNNING
        outcome = Outcome.CANCELLED_RUNNING if running else Outcome.CANCELLED_WAITING
        return await self._storage.finish(job, State.CANCELLED, outcome, self._clock.now())

    async def _gone(self, watched: Watched) -> Job:
        job, now = watched.job, self._clock.now()
        if job.cancel_requested:
            # We cancelled it and did not live to write that down.
            return await self._storage.finish(job, State.CANCELLED, Outcome.CANCELLED_WAITING, now)
        if job.submitted_at is not None and now - job.submitted_at < GRACE:
            watched.errors += 1
            return job
        return await self._storage.finish(
            job, State.FAILED, Outcome.UNCERTAIN, now, failure="TASK_GONE"
        )
