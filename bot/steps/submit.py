"""From the queue to Runway: written down first, then sent exactly once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from bot.cards.lineup import Lineup
from bot.cards.presenter import Presenter
from bot.credits import Outcome
from bot.errors import (
    ArchiveFailed,
    NotCreated,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    Rejected,
    StaleJob,
    StorageUnavailable,
)
from bot.failpoints import failpoint
from bot.jobs import FILE_GONE, NOT_OFFERED, WAIT_BUSY, WAIT_DAILY, Job, State
from bot.ports import Clock, Provider, Storage
from bot.replica import Replica
from bot.steps.creates import Creates

log = structlog.get_logger()

# Turned away for a day, at the longest wait; whoever wants it no more cancels it for nothing.
MOST_ATTEMPTS = 290
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 300.0
# A day's limit is a rolling one: a place comes free at any time.
DAILY_WAIT_SECONDS = 600.0
# The database is asked again so often to take what must not be forgotten.
RECORD_SECONDS = 0.5


class Submission:
    """Sends queued jobs."""

    def __init__(
        self,
        storage: Storage,
        provider: Provider,
        lineup: Lineup,
        presenter: Presenter,
        replica: Replica,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._lineup = lineup
        self._presenter = presenter
        self._replica = replica
        self._clock = clock
        self._creates = Creates()

    async def submit(self, job: Job) -> Job:
        """Send a queued job; it comes back running, queued again, or at its end."""
        if job.cancel_requested:
            return await self._cancel(job)
        try:
            uris = await self._provider.prepare(job.request)
        except (ProviderUnavailable, ArchiveFailed) as error:
            return await self._wait(job, NotCreated(str(error)))
        except (ProviderError, FileNotFoundError) as error:
            return await self._fail(job, error)
        except OSError as error:
            return await self._wait(job, NotCreated(str(error)))  # a disk that is full, a network
        job = await self._intend(job)
        failpoint("submit.intended")
        async with self._shown_meanwhile(job):
            return await self._send(job, uris)

    async def _intend(self, job: Job) -> Job:
        """Write down that the job is being sent.

        Should its row say so without our hearing of it, we still know that nothing was sent.
        """
        intent = replace(job, submitted_at=self._clock.now(), attempts=job.attempts + 1)
        self._creates.begin(intent, _nothing_sent())
        try:
            return await self._storage.advance(
                job,
                State.SUBMITTING,
                submitted_at=intent.submitted_at,
                attempts=intent.attempts,
            )
        except StaleJob:
            self._creates.forget(intent)
            raise

    async def _send(self, job: Job, uris: Mapping[str, str]) -> Job:
        try:
            # Written down with the fence; whoever slept since then must not send it any more.
            await self._storage.confirm(job, self._replica.id)
            self._replica.check()
        except (StaleJob, StorageUnavailable) as error:
            log.info("not sent", job=job.id, error=str(error))
            return await self._hear(job)
        failpoint("submit.checked")
        self._creates.begin(job, self._provider.create(job.request, uris))
        return await self._hear(job)

    async def resume(self, job: Job) -> Job:
        """Go on with a job that was being sent when its step ended.

        With the lease goes the step, not the create: its answer is written down under the next lease.
        """
        if self._creates.knows(job):
            return await self._hear(job)
        # Whoever sent it died between writing that down and hearing the answer.
        return await self._give_up_uncertain(job)

    async def stop(self) -> None:
        """Wait for no answer any more."""
        await self._creates.stop()

    async def _hear(self, job: Job) -> Job:
        try:
            heard = await self._take_answer(job)
        except (StaleJob, StorageUnavailable):
            raise  # whoever has the job next may be us
        except Exception:
            self._creates.forget(job)
            raise
        self._creates.forget(job)
        return heard

    async def _take_answer(self, job: Job) -> Job:
        try:
            task_id = await self._creates.answer(job)
        except _NothingSent:
            # Unless another replica has the job, it may have its turn again.
            return await self._record(job, State.QUEUED, holder=None)
        except NotCreated as error:
            return await self._wait(job, error)
        except Rejected as error:
            return await self._fail(job, error)
        except OutcomeUnknown as error:
            log.warning("outcome unknown", job=job.id, error=str(error))
            return await self._give_up_uncertain(job)
        failpoint("submit.sent")
        log.info("submitted", job=job.id, task=task_id, model=job.request.model)
        job = await self._record(job, State.RUNNING, task_id=task_id, failure=None)
        failpoint("submit.recorded")
        return job

    @asynccontextmanager
    async def _shown_meanwhile(self, job: Job) -> AsyncIterator[None]:
        """Show the card beside what is done inside.

        Who dies between the intent and the create leaves a job of which nobody knows whether it was
        sent: a chat that takes its time must not keep it there.
        """
        showing = asyncio.create_task(self._show(job), name=f"card of {job.id}")
        try:
            yield
            await showing
        finally:
            showing.cancel()

    async def _show(self, job: Job) -> None:
        try:
            # As if it were another's: it may have moved on before the chat has taken this.
            await self._presenter.show(replace(job, holder=None))
        except (StaleJob, StorageUnavailable) as error:
            log.info("card not shown", job=job.id, error=str(error))

    async def _give_up_uncertain(self, job: Job) -> Job:
        """A job that may or may not be at Runway is never sent again by itself."""
        return await self._storage.finish(
            job, State.UNCERTAIN, Outcome.UNCERTAIN, self._clock.now()
        )

    async def _record(self, job: Job, to: State, **changes: Any) -> Job:
        """Write down what only this process knows, however long the database is away.

        The fence keeps it from being written when another replica has the job by then.
        """
        while True:
            try:
                return await self._storage.advance(job, to, **changes)
            except StorageUnavailable as error:
                log.warning("not written down yet", job=job.id, to=to, error=str(error))
                await self._clock.sleep(RECORD_SECONDS)

    async def _wait(self, job: Job, error: NotCreated) -> Job:
        log.info("not created", job=job.id, error=str(error), attempt=job.attempts)
        daily = error.daily or (error.limited and self._is_used_up(job.request.model))
        if job.attempts >= MOST_ATTEMPTS and not daily:
            return await self._fail(job, error)
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** max(0, job.attempts - 1))
        wait = DAILY_WAIT_SECONDS if daily else max(wait, error.wait or 0)
        due_at = timedelta(seconds=wait)  # by the database's clock: others look at it, too
        why = WAIT_DAILY if daily else WAIT_BUSY
        if job.state is State.QUEUED:
            attempts = job.attempts + 1
            await self._storage.release(job, due_at=due_at, attempts=attempts, failure=why)
            return job
        # A day's limit may be met again and again; it says nothing of whether this job can be sent.
        attempts = job.attempts - 1 if daily else job.attempts
        job = await self._record(
            job, State.QUEUED, due_at=due_at, attempts=attempts, failure=why, holder=None
        )
        # Whoever cancelled it meanwhile was too early for the queue and too late for a task.
        return await self._cancel(job) if job.cancel_requested else job

    def _is_used_up(self, model: str) -> bool:
        """Whether the day's limit is reached by what Runway last counted: nobody knows its words for it."""
        limits = self._lineup.limits.get(model)
        return limits is not None and limits.is_used_up

    async def _cancel(self, job: Job) -> Job:
        return await self._storage.finish(
            job, State.CANCELLED, Outcome.NEVER_SENT, self._clock.now()
        )

    async def _fail(self, job: Job, error: Exception) -> Job:
        log.warning("not submitted", job=job.id, error=str(error))
        return await self._storage.finish(
            job, State.FAILED, Outcome.NEVER_SENT, self._clock.now(), failure=_code(error)
        )


class _NothingSent(Exception):
    """In place of Runway's answer."""


async def _nothing_sent() -> str:
    raise _NothingSent


def _code(error: Exception) -> str:
    """Our own failure code for a create that made nothing."""
    if not isinstance(error, Rejected):
        return FILE_GONE if isinstance(error, FileNotFoundError) else "THIRD_PARTY.UNAVAILABLE"
    if "credits" in error.detail.lower():
        return "REJECTED.CREDITS"
    return {401: "REJECTED.KEY", 403: NOT_OFFERED}.get(error.status, "REJECTED")
