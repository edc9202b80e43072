"""Carries every job of this process from acceptance to its end.

Rows are the truth: whatever is remembered here (timers, what a task last said) can be lost at any
line, and `start` builds it anew from the rows.
"""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress

import structlog

from bot.accounting import Accounting
from bot.dispatcher import admit, seconds_until_due
from bot.errors import StaleJob
from bot.estimates import Estimates
from bot.jobs import NOT_OFFERED, Job, State
from bot.lineup import Lineup
from bot.offer import Offer
from bot.polling import first_poll, next_poll
from bot.ports import Clock, Storage, Timing
from bot.presenter import Presenter
from bot.replica import Replica
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.submit import Submission
from bot.steps.watch import Watch, Watched

log = structlog.get_logger()

# The start does not wait for longer than this until the organisation's limits are known.
START_PATIENCE_SECONDS = 5.0
# A queue in which nothing happens is looked at again so often: for jobs that wait for their time.
IDLE_SECONDS = 5.0
# Jobs of a dead replica are taken over in portions.
MOST_TAKEN_OVER = 100
# After a step that failed for a reason nobody foresaw.
SURPRISE_SECONDS = 15.0


class Worker:
    """Owns the jobs: dispatches, watches, collects, delivers, and tells."""

    def __init__(
        self,
        *,
        storage: Storage,
        lineup: Lineup,
        offer: Offer,
        presenter: Presenter,
        estimates: Estimates,
        submission: Submission,
        watch: Watch,
        collection: Collection,
        delivery: Delivery,
        accounting: Accounting,
        replica: Replica,
        clock: Clock,
        poll_floor: float,
    ) -> None:
        self._storage = storage
        self.lineup = lineup
        self._offer = offer
        self._presenter = presenter
        self._estimates = estimates
        self._submission = submission
        self._watch = watch
        self._collection = collection
        self._delivery = delivery
        self._accounting = accounting
        self._replica = replica
        self._clock = clock
        self._floor = poll_floor
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._watched: dict[str, Watched] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._idle_seconds = IDLE_SECONDS

    async def start(self, *, carries: bool = True) -> None:
        """Take up every job where its row says that it is; or leave that to other replicas."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_PATIENCE_SECONDS):
                await self._offer.refresh()
        self._loops = [asyncio.create_task(self._offer.keep(self.wake), name="offer")]
        if carries:
            await self.renewed()
            self._loops.append(asyncio.create_task(self._dispatch_loop(), name="dispatch"))

    async def stop(self, grace: float) -> None:
        """Stop taking up jobs and let the steps under way end, for at most `grace` seconds."""
        self._stopping = True
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._steps:
            await asyncio.wait(list(self._steps.values()), timeout=grace)
        await self._drop()

    async def _drop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        steps = list(self._steps.values())
        for step in steps:
            step.cancel()
        await asyncio.gather(*steps, return_exceptions=True)

    async def renewed(self) -> None:
        """Take over what a dead replica left behind, and hear what was asked of another one."""
        while jobs := await self._storage.take_over(self._replica.id, MOST_TAKEN_OVER):
            for job in jobs:
                self._begin(job.id, self._resume(job))
        for job_id in await self._storage.to_cancel(self._replica.id):
            if (asked := await self._storage.job(job_id)) is not None:
                await self.cancel(asked)
        self.wake()

    async def lost(self) -> None:
        """Drop everything: it may be another replica's already."""
        self._watched.clear()
        await self._drop()

    def wake(self) -> None:
        """Look at the queue now: something was accepted, cancelled or finished."""
        self._wake.set()

    async def cancel(self, job: Job) -> None:
        """Look at a running job now, so that its cancellation is carried out."""
        watched = self._watched.get(job.id)
        if watched is not None:
            watched.job = job
            self._poll_in(job.id, 0.0)

    async def _resume(self, job: Job) -> None:
        if job.state is State.SUBMITTING:
            # We died between writing it down and hearing the answer.
            job = await self._submission.give_up_uncertain(job)
        await self._carry(job)

    async def _carry(self, job: Job, urls: tuple[str, ...] = ()) -> None:
        """Take a job as far as it goes without waiting for Runway."""
        while True:
            job = await self._presenter.show(job)
            if job.state is State.RUNNING:
                await self._follow(job)
                return
            if job.state is State.COLLECTING:
                self.wake()  # its place at Runway is free
                job = await self._collection.collect(job, urls)
            elif job.state is State.DELIVERING:
                job = await self._delivery.deliver(job)
            elif job.state.is_over and not job.told:
                job = await self._delivery.tell_end(job)
            else:
                break
        self.wake()
        await self._accounting.tell()

    async def _follow(self, job: Job) -> None:
        watched = self._watched[job.id] = Watched(job, started_at=job.started_at)
        # From here on a cancellation finds the job watched; one that came before is in its row.
        watched.job = job = await self._storage.job(job.id) or job
        if job.cancel_requested:
            self._poll_in(job.id, 0.0)
            return
        early = self._estimates.early(job.request)
        if job.submitted_at is not None and early is not None:
            early -= (self._clock.now() - job.submitted_at).total_seconds()
        self._poll_in(job.id, first_poll(early, self._floor, self._rng))

    def _poll_in(self, job_id: str, seconds: float) -> None:
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.cancel()
        if not self._stopping:
            loop = asyncio.get_running_loop()
            self._timers[job_id] = loop.call_later(seconds, self._poll_now, job_id)

    def _poll_now(self, job_id: str) -> None:
        self._timers.pop(job_id, None)
        watched = self._watched.get(job_id)
        if watched is not None and not self._begin(job_id, self._poll(watched)):
            # A step is under way; the question waits for it.
            self._poll_in(job_id, self._floor)

    async def _poll(self, watched: Watched) -> None:
        job = await self._watch.look(watched)
        if job.state is State.RUNNING:
            since = watched.started_at or job.submitted_at or self._clock.now()
            elapsed = (self._clock.now() - since).total_seconds()
            self._poll_in(job.id, next_poll(elapsed, watched.errors, self._floor, self._rng))
            return
        del self._watched[job.id]
        if job.noticed_at and job.started_at:
            seconds = (job.noticed_at - job.started_at).total_seconds()
            self._estimates.learn(Timing(job.request.model, job.request.duration, seconds))
        await self._carry(job, watched.outputs)

    async def _submit(self, job: Job) -> None:
        job = await self._submission.submit(job)
        if job.failure == NOT_OFFERED:
            await self._offer.refresh()
        await self._carry(job)

    def _begin(self, job_id: str, step: Coroutine[None, None, None]) -> bool:
        """Run a step of a job, unless one is under way already."""
        if job_id in self._steps or self._stopping:
            step.close()
            return False
        task = asyncio.create_task(self._guard(job_id, step), name=f"job {job_id}")
        self._steps[job_id] = task
        task.add_done_callback(lambda _: self._steps.pop(job_id, None))
        # A task that is cancelled before it begins never gets to its step.
        task.add_done_callback(lambda _: step.close())
        return True

    async def _guard(self, job_id: str, step: Coroutine[None, None, None]) -> None:
        # Whatever is logged on the way says which job it was about; the step has a context of its own.
        structlog.contextvars.bind_contextvars(job=job_id)
        try:
            await step
        except StaleJob as error:
            log.info("moved on", job=job_id, reason=str(error))
            self._later(job_id, 0.0)
        except Exception:
            log.exception("a step failed", job=job_id)
            self._later(job_id, SURPRISE_SECONDS)

    def _later(self, job_id: str, seconds: float) -> None:
        """Take a job up anew from its row."""
        self._watched.pop(job_id, None)
        if not self._stopping:
            asyncio.get_running_loop().call_later(seconds, self._take_up, job_id)

    def _take_up(self, job_id: str) -> None:
        async def take_up() -> None:
            job = await self._storage.job(job_id)
            if job is None or job.told or job.holder != self._replica.id:
                return
            if job.state is State.QUEUED:
                await self._storage.release(job)
                self.wake()
            else:
                await self._resume(job)

        if not self._begin(job_id, take_up()) and not self._stopping:
            asyncio.get_running_loop().call_later(self._floor, self._take_up, job_id)

    async def _dispatch_loop(self) -> None:
        while True:
            try:
                await self._dispatch()
            except Exception:
                log.exception("dispatch failed")
            self._wake.clear()
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _dispatch(self) -> None:
        queues, running = await self.lineup.queue()
        limits, now = self._offer.organization.models, self._clock.now()
        if admit(queues, running, limits, now):
            for job in await self._storage.take_turns(self._replica.id, limits, now):
                if not self._begin(job.id, self._submit(job)):
                    await self._storage.release(job)
            queues, running = await self.lineup.queue()
        self._idle_seconds = seconds_until_due(queues, now, IDLE_SECONDS)
        if self._replica.leads:
            await self.lineup.show_places(queues, running)
