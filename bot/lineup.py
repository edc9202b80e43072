"""The queue as people see it: whose turn it is, each job's place, and when it will be ready."""

from collections.abc import Mapping

from bot.dispatcher import order
from bot.estimates import Estimates, places
from bot.jobs import Job, State
from bot.messages.cards import Progress
from bot.ports import AtRunway, Clock, ModelLimits, Storage, Waiting
from bot.presenter import Presenter

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

    async def queue(self) -> tuple[dict[str, list[Waiting]], list[AtRunway]]:
        """The queues in the order in which they will be sent, and what is at Runway."""
        lines = await self._storage.lines()
        return order(*lines), lines.running

    async def progress_of(self, job: Job) -> Progress:
        """Place and ETA of a job that was just accepted."""
        queues, running = await self.queue()
        return self._progress(job, places(queues).get(job.id, 1), running)

    async def show_places(
        self, queues: Mapping[str, list[Waiting]], running: list[AtRunway]
    ) -> None:
        """Bring the cards of queued jobs up to date."""
        for job_id, place in places(queues).items():
            if place > PLACES_SHOWN:
                continue
            job = await self._storage.job(job_id)
            if job is not None and job.state is State.QUEUED:
                await self._presenter.show(job, self._progress(job, place, running))

    def _progress(self, job: Job, place: int, running: list[AtRunway]) -> Progress:
        now = self._clock.now()
        eta = self._estimates.place_ready(job.request, place, running, self.limits, now)
        return Progress(place=place, eta=eta)
