"""A task at Runway: asked for by its id until it has ended, or cancelled."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.cards.presenter import Presenter
from bot.credits import Outcome, failure_outcome
from bot.errors import ProviderError, TaskGone
from bot.failpoints import failpoint
from bot.jobs import CANCEL_RUNNING, CANCEL_WAITING, TIMEOUT, Job, State
from bot.messages.cards import Progress
from bot.ports import Clock, Provider, Storage, Task, TaskStatus, Timing
from bot.replica import Replica
from bot.timing.estimates import Estimates
from bot.timing.foresight import Sights
from bot.timing.patience import QUEUED_LIMIT, Patience

log = structlog.get_logger()

# A task was seen to be unknown for about a second after it was made; be generous.
GRACE_SECONDS = 30.0
# After so many questions without an answer the owner is told that Runway is silent.
ERRORS_TO_MENTION = 3


@dataclass(slots=True)
class Watched:
    """What is known of a running job beside its row.

    Moments are seconds of our own clock: that of the wall may jump, and nothing may be given up for it.
    """

    job: Job
    submitted_at: float  # by its row, and so by the wall as it was then
    watched_at: float
    started_at: float | None = None
    # When it was last known not to be at work, last seen at work, and first found unknown at Runway.
    waited_at: float | None = None
    seen_at: float | None = None
    gone_at: float | None = None
    # Since when Runway says nothing of it that makes sense.
    silent_at: float | None = None
    ended_at: float | None = None
    has_waited: bool = False
    sights: Sights = field(default_factory=Sights)
    errors: int = 0
    late: bool = False
    outputs: tuple[str, ...] = ()

    @property
    def since(self) -> float | None:
        """When it began, as far as anybody saw; None after a restart, until it is seen at work."""
        return self.waited_at if self.started_at is None else self.started_at

    @property
    def was_at_work(self) -> bool:
        return self.seen_at is not None


class Watch:
    """Looks at tasks; a look is a read, and only a change is written down."""

    def __init__(
        self,
        storage: Storage,
        provider: Provider,
        presenter: Presenter,
        estimates: Estimates,
        patience: Patience,
        replica: Replica,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._presenter = presenter
        self._estimates = estimates
        self._patience = patience
        self._replica = replica
        self._clock = clock

    def begin(self, job: Job, fresh: float = 0.0) -> Watched:
        """Watch a job from now on: one that was sent less than `fresh` seconds ago from its beginning."""
        sent = job.submitted_at or self._clock.now()
        age = max(0.0, (self._clock.now() - sent).total_seconds())
        here = self._clock.monotonic()
        submitted_at = here - age
        return Watched(job, submitted_at, here, waited_at=submitted_at if age < fresh else None)

    def foresee(self, watched: Watched) -> tuple[float | None, float]:
        """Seconds until the task is worth a question, None when unknown, and how old it is.

        One that was seen to wait at Runway may begin at any moment: nothing is known of its end. One
        that is to be cancelled is worth it at once.
        """
        foreseen, now = None, self._clock.monotonic()
        if watched.job.cancel_requested:
            foreseen = 0.0
        elif watched.since is not None and not (watched.has_waited and watched.started_at is None):
            elapsed = now - watched.since
            foreseen = self._estimates.wait(watched.job.request, elapsed, watched.sights)
        began = watched.submitted_at if watched.started_at is None else watched.started_at
        return foreseen, now - began

    def learn(self, watched: Watched) -> None:
        """Remember how long it took; of one whose beginning nobody saw there is nothing to learn."""
        since, ended_at = watched.since, watched.ended_at
        if since is not None and ended_at is not None:
            request = watched.job.request
            timing = Timing(request.model, request.duration, ended_at - since)
            seen = 0.0 if watched.seen_at is None else watched.seen_at - since
            self._estimates.learn(timing, seen, watched.sights)

    async def look(self, watched: Watched) -> Job:
        """Ask once; the job comes back running, or in its next state."""
        job = watched.job
        try:
            task = await self._provider.task(job.task_id or "")
        except TaskGone:
            return await self._gone(watched)
        except ProviderError as error:
            log.info("no answer", job=job.id, error=str(error), times=watched.errors + 1)
            return await self._unanswered(watched)
        watched.errors, watched.gone_at, watched.silent_at = 0, None, None
        return await self._judge(watched, task)

    async def _unanswered(self, watched: Watched) -> Job:
        """Nobody knows how the task is doing; its owner may cancel it, and in the end it is given up."""
        job = watched.job
        watched.errors += 1
        if watched.silent_at is None:
            watched.silent_at = self._clock.monotonic()
        # The next answer may say what a cancellation costs.
        if watched.errors < ERRORS_TO_MENTION:
            return job
        if job.cancel_requested:
            job = await self._cancel(watched, job.failure == CANCEL_RUNNING or watched.was_at_work)
        if job.state.is_over:
            return job
        if self._is_silent_for_good(watched):
            return await self._give_up(job, is_seen=False)
        self._presenter.progress(job, Progress(trouble=True))
        return job

    async def _judge(self, watched: Watched, task: Task) -> Job:
        job, now = watched.job, self._clock.now()
        if task.status == TaskStatus.SUCCEEDED and task.outputs:
            watched.outputs, watched.ended_at = task.outputs, self._clock.monotonic()
            since = watched.submitted_at if watched.since is None else watched.since
            started = now - timedelta(seconds=watched.ended_at - since)
            failpoint("watch.noticed")
            return await self._storage.advance(
                job,
                State.COLLECTING,
                cost=task.cost,
                started_at=started,
                noticed_at=now,
                failure=None,
            )
        if task.status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED):
            code = task.failure_code or (
                "OUTPUT" if task.status == TaskStatus.SUCCEEDED else "INTERNAL"
            )
            log.info("task failed", job=job.id, task=task.id, code=code)
            return await self._storage.finish(
                job, State.FAILED, failure_outcome(code), now, task.cost, failure=code
            )
        if task.status == TaskStatus.CANCELLED:
            # Not by us: somebody with the same key did.
            return await self._storage.finish(job, State.CANCELLED, Outcome.FAILED, now, task.cost)
        if job.cancel_requested:
            return await self._cancel(watched, task.status == TaskStatus.RUNNING)
        if self._is_hopeless(watched, task):
            return await self._give_up(job, is_seen=True)
        await self._show(watched, task, now)
        return job

    def _is_hopeless(self, watched: Watched, task: Task) -> bool:
        now = self._clock.monotonic()
        if task.status == TaskStatus.RUNNING and watched.started_at is not None:
            elapsed = now - watched.started_at
            return self._patience.is_hopeless(elapsed, self._typical(watched.job))
        return self._is_too_old(watched)

    def _is_too_old(self, watched: Watched) -> bool:
        """Since we watch it: by its row, every task is old when the clock of the wall was put right."""
        longest = QUEUED_LIMIT + self._patience.give_up
        return self._clock.monotonic() - watched.watched_at > longest.total_seconds()

    def _is_silent_for_good(self, watched: Watched) -> bool:
        """Whether there is nothing to wait for; it may have finished while Runway or we were away."""
        here = self._clock.monotonic()
        silence = 0.0 if watched.silent_at is None else here - watched.silent_at
        return self._is_too_old(watched) and silence > self._patience.give_up.total_seconds()

    def _typical(self, job: Job) -> float:
        return self._estimates.typical(job.request)

    async def _show(self, watched: Watched, task: Task, now: datetime) -> None:
        here = self._clock.monotonic()
        if task.status != TaskStatus.RUNNING:
            watched.waited_at, watched.has_waited = here, True
            throttled = task.status == TaskStatus.THROTTLED
            self._presenter.progress(watched.job, Progress(throttled=throttled))
            return
        watched.started_at = here if watched.since is None else watched.since
        watched.seen_at = here
        elapsed = here - watched.started_at
        watched.sights.add(elapsed, task.progress)
        if not watched.late and self._patience.is_late(elapsed, self._typical(watched.job)):
            watched.late = True
            log.warning("a task takes strikingly long", job=watched.job.id, task=task.id)
            await self._storage.note_late(watched.job, elapsed)
        request = watched.job.request
        started = now - timedelta(seconds=elapsed)
        eta = self._estimates.ready(request, started, now, task.progress)
        progress = Progress(eta=eta, fraction=task.progress, late=watched.late)
        self._presenter.progress(watched.job, progress)

    async def _give_up(self, job: Job, *, is_seen: bool) -> Job:
        """Take back a task: as soon as Runway takes that, where it was just seen unfinished."""
        try:
            await self._delete(job)
        except ProviderError as error:
            log.warning("not taken back", job=job.id, error=str(error))
            if is_seen:
                return job
        log.error("given up", job=job.id, task=job.task_id)
        return await self._storage.finish(
            job, State.FAILED, Outcome.GIVEN_UP, self._clock.now(), failure=TIMEOUT
        )

    async def _delete(self, job: Job) -> None:
        """Have Runway end a task: one that went to another replica meanwhile may have finished."""
        await self._storage.confirm(job, self._replica.id)
        self._replica.check()
        await self._provider.delete(job.task_id or "")

    async def _cancel(self, watched: Watched, is_running: bool) -> Job:
        """Cancel at Runway; the status last seen decides what it costs."""
        job = await self._note_cancel(watched, is_running)
        failpoint("cancel.intended")
        try:
            await self._delete(job)
        except ProviderError as error:
            log.warning("not cancelled yet", job=job.id, error=str(error))
            return job
        failpoint("cancel.sent")
        return await self._cancelled(job)

    async def _note_cancel(self, watched: Watched, is_running: bool) -> Job:
        """Should we not hear the answer, or not live to book it, the next look finds no task, and this."""
        job, noted = watched.job, CANCEL_RUNNING if is_running else CANCEL_WAITING
        if job.failure != noted:
            job = watched.job = await self._storage.note_as_held(job, failure=noted)
        return job

    async def _cancelled(self, job: Job) -> Job:
        was_running = job.failure == CANCEL_RUNNING
        outcome = Outcome.CANCELLED_RUNNING if was_running else Outcome.CANCELLED_WAITING
        return await self._storage.finish(
            job, State.CANCELLED, outcome, self._clock.now(), failure=None
        )

    async def _gone(self, watched: Watched) -> Job:
        job, here = watched.job, self._clock.monotonic()
        if job.failure in (CANCEL_RUNNING, CANCEL_WAITING):
            # We cancelled it and did not live to write that down.
            return await self._cancelled(job)
        if watched.gone_at is None:
            watched.gone_at = here
        if here - watched.gone_at < GRACE_SECONDS:
            # One that is to be cancelled is asked for again soon: it may begin, and cost, any moment.
            if not job.cancel_requested:
                watched.errors += 1
            return job
        if job.cancel_requested:
            return await self._cancelled(job)
        return await self._storage.finish(
            job, State.FAILED, Outcome.UNCERTAIN, self._clock.now(), failure="TASK_GONE"
        )
