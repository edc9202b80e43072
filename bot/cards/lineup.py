"""The queue as people see it: whose turn it is, each job's place, and when it will be ready."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from bot.cards.presenter import Presenter
from bot.dispatcher import free_places, order
from bot.errors import StaleJob, StorageUnavailable
from bot.jobs import Job, State
from bot.messages.cards import Progress
from bot.ports import Busy, Clock, ModelLimits, Storage, Waiting
from bot.timing.estimates import Estimates, places

log = structlog.get_logger()

# Cards further back in the queue are not edited for each step forward.
PLACES_SHOWN = 20


class Lineup:
    """Works out turns and places from the rows."""

    def __init__(
        self, storage: Storage, presenter: Presenter, estimates: Estimates, clock: Clock
    ) -> None:
        self._storage = storage
        self._presenter = presenter
        self._estimates = estimates
        self._clock = clock
        self.limits: Mapping[str, ModelLimits] = {}
        self._next: tuple[Mapping[str, list[Waiting]], Busy] | None = None
        self._showing: asyncio.Task[None] | None = None

    async def queue(self) -> tuple[dict[str, list[Waiting]], Busy, datetime]:
        """The queues in the order in which they will be sent, what is at Runway, and the moment of both
        by the database's clock."""
        lines = await self._storage.lines()
        return order(lines.waiting, lines.theirs, lines.served), lines.busy, lines.now

    async def progress_of(self, job: Job) -> Progress:
        """Place and ETA of a job that was just accepted."""
        queues, busy, _ = await self.queue()
        place, model = places(queues).get(job.id, 1), job.request.model
        return self._progress(job, place, await self._sent(model, place, busy))

    def show_places(self, queues: Mapping[str, list[Waiting]], busy: Busy) -> None:
        """Bring the cards of queued jobs up to date, soon: a slow chat keeps nobody waiting.

        Only one round is under way at a time, and only the newest of those that wait for it counts.
        """
        self._next = queues, busy
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._show_rounds(), name="places")

    async def stop(self) -> None:
        """Give up what is still to be shown."""
        self._next = None
        if self._showing is not None:
            self._showing.cancel()
            await asyncio.gather(self._showing, return_exceptions=True)

    async def _show_rounds(self) -> None:
        while self._next is not None:
            (queues, busy), self._next = self._next, None
            try:
                await self._show_round(queues, busy)
            except (StaleJob, StorageUnavailable) as error:
                log.warning("places not shown", error=str(error))
            except Exception:
                log.exception("places not shown")

    async def _show_round(self, queues: Mapping[str, list[Waiting]], busy: Busy) -> None:
        for model, queue in queues.items():
            sent = await self._sent(model, len(queue), busy)
            for place, waiting in enumerate(queue[:PLACES_SHOWN], start=1):
                job = await self._storage.job(waiting.id)
                if job is not None and job.state is State.QUEUED:
                    await self._presenter.show(job, self._progress(job, place, sent))

    async def _sent(self, model: str, places: int, busy: Busy) -> Sequence[datetime]:
        """When a model's tasks were sent, which tells when so many more may be; none when at once."""
        if places <= free_places(model, busy, self.limits):
            return ()
        return await self._storage.sent_at(model)

    def _progress(self, job: Job, place: int, sent: Sequence[datetime]) -> Progress:
        now = self._clock.now()
        eta = self._estimates.place_ready(job.request, place, sent, self.limits, now)
        return Progress(place=place, eta=eta)
