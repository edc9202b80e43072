"""How long things are likely to take, learned from the latest jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.dispatcher import eta_seconds
from bot.ports import ModelLimits, Timing, Waiting
from bot.requests import GenerationRequest, Kind
from bot.timing.foresight import Learned, Sights, ended
from bot.timing.polling import FLOOR_SECONDS

# Until a model has been seen at work: what its users report.
USUAL_SECONDS = {Kind.IMAGE: 20.0, Kind.VIDEO: 60.0}


class Estimates:
    """Shared by whoever tells people when a job will be ready, and whoever asks Runway for it."""

    def __init__(self, timings: Sequence[Timing] = (), floor: float = FLOOR_SECONDS) -> None:
        self._floor = floor
        self._learned: dict[tuple[str, int | None], Learned] = {}
        for timing in timings:
            self.learn(timing, max(0.0, timing.seconds - floor), Sights())

    def learn(self, timing: Timing, last_seen: float, sights: Sights) -> None:
        """Remember a finished job that was last seen at work after so many seconds."""
        learned = self._learned.setdefault((timing.model, timing.duration), Learned())
        learned.learn(ended(last_seen, timing.seconds, self._floor), sights)

    def typical(self, request: GenerationRequest) -> float:
        """Seconds that Runway usually takes for such a request."""
        learned = self._learned.get((request.model, request.duration))
        return learned.typical if learned is not None else USUAL_SECONDS[request.operation.makes]

    def wait(self, request: GenerationRequest, elapsed: float, sights: Sights) -> float | None:
        """Seconds after which a task is worth a question; None when too little is known."""
        learned = self._learned.get((request.model, request.duration))
        if learned is None:
            return None
        return learned.wait(elapsed, sights.progress(elapsed), self._floor)

    def ready(
        self, request: GenerationRequest, started: datetime, now: datetime, fraction: float | None
    ) -> datetime | None:
        """When a running task is likely to be ready; None when it is overdue."""
        elapsed = (now - started).total_seconds()
        total = self.typical(request)
        # The first hundredth says nothing about the rest.
        if fraction and elapsed >= 5 and 0.01 <= fraction < 1:
            total = (total + elapsed / fraction) / 2
        return started + timedelta(seconds=total) if total > elapsed else None

    def place_ready(
        self,
        request: GenerationRequest,
        place: int,
        sent: Sequence[datetime],
        limits: Mapping[str, ModelLimits],
        now: datetime,
    ) -> datetime:
        """When the queued job at `place` is likely to be ready.

        `sent` says when the model's tasks at Runway were sent; of a place that is free, it need not.
        """
        ages = [(now - at).total_seconds() for at in sent]
        seconds = eta_seconds(place, ages, limits.get(request.model), self.typical(request))
        return now + timedelta(seconds=seconds)


def places(queues: Mapping[str, Sequence[Waiting]]) -> dict[str, int]:
    """Each queued job's place in its model's queue; 1 is next."""
    return {job.id: n for queue in queues.values() for n, job in enumerate(queue, start=1)}
