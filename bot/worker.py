"""Carries every job of this process from acceptance to its end.

Rows are the truth: whatever is remembered here (timers, what a task last said) can be lost at any
line, and `start` builds it anew from the rows.
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress

import structlog

from bot.cards.lineup import Lineup
from bot.cards.presenter import Presenter
from bot.dispatcher import admit, seconds_until_due
from bot.errors import StaleJob, StorageUnavailable
from bot.failpoints import failpoint
from bot.jobs import NOT_OFFERED, Job, State
from bot.notifications import Notifications
from bot.offer import Offer
from bot.ports import Storage
from bot.replica import Replica
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.submit import Submission
from bot.steps.watch import Watch, Watched
from bot.timing.plans import Plans
from bot.timing.polling import next_poll

log = structlog.get_logger()

# The start does not wait for longer than this until the organisation's limits are known.
START_PATIENCE_SECONDS = 5.0
# A queue in which nothing happens is looked at again so often: for jobs that wait for their time.
IDLE_SECONDS = 5.0
# Jobs of a dead replica are taken over in portions.
MOST_TAKEN_OVER = 100
# After a step that failed for a reason nobody foresaw.
SURPRISE_SECONDS = 15.0
# After one that found its job moved on, or the database away.
STALE_SECONDS = 0.1
AWAY_SECONDS = 1.0


class Worker:
    """Owns the jobs: dispatches, watches, collects, delivers, and tells."""

    def __init__(
        self,
        *,
        storage: Storage,
        lineup: Lineup,
        offer: Offer,
        presenter: Presenter,
        submission: Submission,
        watch: Watch,
        collection: Collection,
        delivery: Delivery,
        notifications: Notifications,
        replica: Replica,
        poll_floor: float,
    ) -> None:
        self._storage = storage
        self.lineup = lineup
        self._offer = offer
        self._presenter = presenter
        self._submission = submission
        self._watch = watch
        self._collection = collection
        self._delivery = delivery
        self._notifications = notifications
        self._replica = replica
        self._floor = poll_floor
        self._rng = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._watched: dict[str, Watched] = {}
        self._plans = Plans()
        self._forgotten: set[str] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
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
        self._plans.close()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.lineup.stop()
        await self._plans.wait(grace)
        await self._plans.drop()
        await self._submission.stop()
        await self._presenter.stop()

    async def renewed(self) -> None:
        """Take over what a dead replica left behind, and hear what was asked of another one."""
        taken: set[str] = set()
        while jobs := await self._storage.take_over(self._replica.id, MOST_TAKEN_OVER):
            failpoint("takeover.committed")
            for job in jobs:
                self._take_over(job)
            taken.update(job.id for job in jobs)
        for job in await self._storage.to_cancel(self._replica.id):
            if job.id not in taken:  # nobody knows when the last one asked Runway for it
                await self.cancel(job)
        self._take_up_forgotten(await self._storage.held(self._replica.id))
        self.wake()

    def _take_over(self, job: Job) -> None:
        """Go on with a job; thousands that run are asked for one after the other."""
        if job.state is State.RUNNING:
            self._watched[job.id] = self._watch.begin(job)
            self._poll_in(job.id, self._floor * (1 + self._rng.random()))
        else:
            self._begin(job.id, self._resume(job))

    def _take_up_forgotten(self, held: Sequence[str]) -> None:
        """Take up jobs that are ours and that nothing happens to: we did not hear that we got them.

        One that is forgotten now may just be on its way to us; one that still is, is not.
        """
        forgotten = {job_id for job_id in held if not self._plans.has(job_id)}
        for job_id in forgotten & self._forgotten:
            log.info("taken up again", job=job_id)
            self._take_up(job_id)
        self._forgotten = forgotten

    async def lost(self) -> None:
        """Drop everything: it may be another replica's already."""
        self._watched.clear()
        self._forgotten.clear()
        await self._plans.drop()

    def wake(self) -> None:
        """Look at the queue now: something was accepted, cancelled or finished."""
        self._wake.set()

    async def cancel(self, job: Job) -> None:
        """Look at a running job now, so that its cancellation is carried out."""
        watched = self._watched.get(job.id)
        if watched is not None and watched.job.fence == job.fence:
            watched.job = job
            self._poll_in(job.id, 0.0)

    def conclude(self, job: Job) -> None:
        """Show and note the end of a job that was nobody's yet."""
        self._begin(job.id, self._conclude(job))

    async def _resume(self, job: Job) -> None:
        if job.state is State.SUBMITTING:
            job = await self._submission.resume(job)
        await self._carry(job)

    async def _carry(self, job: Job, urls: tuple[str, ...] = ()) -> None:
        """Take a job as far as it goes without waiting for Runway."""
        began = job.state
        while not job.state.is_over:
            job = await self._presenter.keep_up(job)
            if job.state is State.RUNNING:
                await self._follow(job)
                return
            if job.state is State.COLLECTING:
                self.wake()  # its place at Runway is free
                job = await self._collection.collect(job, urls)
            elif job.state is State.DELIVERING:
                job = await self._delivery.deliver(job, is_first=job.state is not began)
            else:
                break
        self.wake()
        if job.state.is_over and not job.told:
            await self._conclude(job)
        await self._notifications.tell()

    async def _conclude(self, job: Job) -> None:
        """Tell an end; until its card shows it, too, there is something left to take over."""
        job = await self._delivery.post_end(job)
        await self._delivery.finish(await self._presenter.conclude(job))

    async def _follow(self, job: Job) -> None:
        watched = self._watched[job.id] = self._watch.begin(job, self._floor)
        # From here on a cancellation finds the job watched; one that came before is in its row.
        now = await self._storage.job(job.id) or job
        if now.fence != job.fence:
            raise StaleJob(f"job {job.id} is another replica's now")
        watched.job = job = now
        if job.cancel_requested:
            self._poll_in(job.id, 0.0)
            return
        self._plan(watched)

    def _plan(self, watched: Watched) -> None:
        foreseen, age = self._watch.foresee(watched)
        seconds = next_poll(foreseen, age, watched.errors, self._floor, self._rng)
        self._poll_in(watched.job.id, seconds)

    def _poll_in(self, job_id: str, seconds: float) -> None:
        self._plans.later(job_id, seconds, self._poll_now)

    def _poll_now(self, job_id: str) -> None:
        watched = self._watched.get(job_id)
        if watched is not None and not self._begin(job_id, self._poll(watched)):
            # A step is under way; the question waits for it.
            self._poll_in(job_id, self._floor)

    async def _poll(self, watched: Watched) -> None:
        job = await self._watch.look(watched)
        if job.state is State.RUNNING:
            self._plan(watched)
            return
        del self._watched[job.id]
        self._watch.learn(watched)
        await self._carry(job, watched.outputs)

    async def _submit(self, job: Job) -> None:
        job = await self._submission.submit(job)
        if job.failure == NOT_OFFERED:
            await self._offer.refresh()
        await self._carry(job)

    def _begin(self, job_id: str, step: Coroutine[None, None, None]) -> bool:
        return self._plans.begin(job_id, step, self._guard)

    async def _guard(self, job_id: str, step: Coroutine[None, None, None]) -> None:
        # Whatever is logged on the way says which job it was about; the step has a context of its own.
        structlog.contextvars.bind_contextvars(job=job_id)
        try:
            await step
        except StaleJob as error:
            log.info("moved on", job=job_id, reason=str(error))
            # Without a lease there is nothing to go on with; the next one brings its jobs along.
            if self._replica.holds:
                self._later(job_id, STALE_SECONDS)
        except StorageUnavailable as error:
            log.warning("the database is away", job=job_id, error=str(error))
            self._later(job_id, AWAY_SECONDS * (1 + self._rng.random()))
        except Exception:
            log.exception("a step failed", job=job_id)
            self._later(job_id, SURPRISE_SECONDS)

    def _later(self, job_id: str, seconds: float) -> None:
        self._watched.pop(job_id, None)
        self._plans.later(job_id, seconds, self._take_up)

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

        if not self._begin(job_id, take_up()):
            self._plans.later(job_id, self._floor, self._take_up)

    async def _dispatch_loop(self) -> None:
        while True:
            # Before it looks: whoever wakes it while it looks has it look again.
            self._wake.clear()
            try:
                await self._dispatch()
            except StorageUnavailable as error:
                log.warning("dispatch failed", error=str(error))
                self._idle_seconds = AWAY_SECONDS
            except Exception:
                log.exception("dispatch failed")
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _dispatch(self) -> None:
        queues, busy, now = await self.lineup.queue()
        limits = self._offer.organization.models
        if admitted := admit(queues, busy, limits, now):
            for job in await self._storage.take_turns(self._replica.id, limits):
                failpoint("turn.taken")
                if not self._begin(job.id, self._submit(job)):
                    await self._storage.release(job)
            if sum(map(len, queues.values())) > len(admitted):
                queues, busy, now = await self.lineup.queue()
            else:
                queues = {}
        self._idle_seconds = seconds_until_due(queues, now, IDLE_SECONDS)
        if self._replica.leads:
            self.lineup.show_places(queues, busy)
