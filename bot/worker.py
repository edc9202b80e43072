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
from bot.catalog import Catalog
from bot.dispatcher import admit, as_running, seconds_until_due
from bot.errors import ProviderError, StaleJob
from bot.estimates import Estimates
from bot.jobs import NOT_OFFERED, Job, State
from bot.lineup import Lineup
from bot.polling import first_poll, next_poll
from bot.ports import Clock, Organization, Provider, Storage, Timing
from bot.presenter import Presenter
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.submit import Submission
from bot.steps.watch import Watch, Watched

log = structlog.get_logger()

# How often the organisation's limits and offered models are read anew.
ORGANIZATION_SECONDS = 300.0
# … and as long as they are not known. The start does not wait for them for longer than this.
UNKNOWN_SECONDS = 15.0
START_PATIENCE_SECONDS = 5.0
# A queue in which nothing happens is looked at again so often: for jobs that wait for their time.
IDLE_SECONDS = 5.0
# After a step that failed for a reason nobody foresaw.
SURPRISE_SECONDS = 15.0


class Worker:
    """Owns the jobs: dispatches, watches, collects, delivers, and tells."""

    def __init__(
        self,
        *,
        storage: Storage,
        provider: Provider,
        catalog: Catalog,
        presenter: Presenter,
        estimates: Estimates,
        submission: Submission,
        watch: Watch,
        collection: Collection,
        delivery: Delivery,
        accounting: Accounting,
        clock: Clock,
        poll_floor: float,
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._catalog = catalog
        self._presenter = presenter
        self._estimates = estimates
        self.lineup = Lineup(storage, presenter, estimates, clock)
        self._submission = submission
        self._watch = watch
        self._collection = collection
        self._delivery = delivery
        self._accounting = accounting
        self._clock = clock
        self._floor = poll_floor
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._organization = Organization(balance=0, models={})
        self._watched: dict[str, Watched] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._idle_seconds = IDLE_SECONDS

    @property
    def organization(self) -> Organization:
        return self._organization

    async def start(self) -> None:
        """Take up every job where its row says that it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_PATIENCE_SECONDS):
                await self._refresh_organization()
        for job in await self._storage.unfinished():
            if job.state is not State.QUEUED:
                self._begin(job.id, self._resume(job))
        self._loops = [
            asyncio.create_task(self._dispatch_loop(), name="dispatch"),
            asyncio.create_task(self._organization_loop(), name="organization"),
        ]
        self.wake()

    async def stop(self, grace: float) -> None:
        """Stop taking up jobs and let the steps under way end, for at most `grace` seconds."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._steps:
            await asyncio.wait(list(self._steps.values()), timeout=grace)
        for step in self._steps.values():
            step.cancel()
        await asyncio.gather(*self._steps.values(), return_exceptions=True)

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

    async def _submit(self, job_id: str) -> None:
        job = await self._storage.job(job_id)
        if job is None or job.state is not State.QUEUED:
            return
        job = await self._submission.submit(job)
        if job.failure == NOT_OFFERED:
            await self._refresh_organization()
        await self._carry(job)

    def _begin(self, job_id: str, step: Coroutine[None, None, None]) -> bool:
        """Run a step of a job, unless one is under way already."""
        if job_id in self._steps or self._stopping:
            step.close()
            return False
        task = asyncio.create_task(self._guard(job_id, step), name=f"job {job_id}")
        self._steps[job_id] = task
        task.add_done_callback(lambda _: self._steps.pop(job_id, None))
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
            if job is not None and job.state is not State.QUEUED and not job.told:
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
        sending = [as_running(j) for q in queues.values() for j in q if j.id in self._steps]
        idle = {m: [j for j in q if j.id not in self._steps] for m, q in queues.items()}
        now = self._clock.now()
        for job in admit(idle, [*running, *sending], self._organization.models, now):
            self.lineup.serve(job)
            self._begin(job.id, self._submit(job.id))
        self._idle_seconds = seconds_until_due(idle, now, IDLE_SECONDS)
        await self.lineup.show_places(idle, running, self._steps)

    async def _organization_loop(self) -> None:
        while True:
            known = bool(self._organization.models)
            await self._clock.sleep(ORGANIZATION_SECONDS if known else UNKNOWN_SECONDS)
            await self._refresh_organization()

    async def _refresh_organization(self) -> None:
        try:
            self._organization = await self._provider.organization()
        except ProviderError as error:
            log.warning("organisation not read", error=str(error))
            return
        self.lineup.limits = self._organization.models
        if self._catalog.set_offered(self._organization.models):
            await self._presenter.tell_offer_changed()
        self.wake()
