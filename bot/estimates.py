"""How long things are likely to take, learned from the latest jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.dispatcher import eta_seconds
from bot.polling import ENOUGH_TO_LEARN, Learned
from bot.ports import AtRunway, ModelLimits, Timing, Waiting
from bot.requests import GenerationRequest, Kind

# Until a model has been seen at work: what its users report.
USUAL_SECONDS = {Kind.IMAGE: 20.0, Kind.VIDEO: 60.0}
# Hardly any task of its kind is finished before this share of the earlier ones was.
EARLY = 0.05


class Estimates:
    """Shared by whoever tells people when a job will be ready."""

    def __init__(self, timings: Sequence[Timing] = ()) -> None:
        self._learned = Learned(timings)

    def learn(self, timing: Timing) -> None:
        self._learned.add(timing)

    def typical(self, request: GenerationRequest) -> float:
        """Seconds that Runway usually takes for such a request."""
        known = self._learned.quantile(request.model, request.duration, 0.5)
        return known if known is not None else USUAL_SECONDS[request.operation.makes]

    def early(self, request: GenerationRequest) -> float | None:
        """Seconds before which asking is in vain; None when too little is known."""
        return self._learned.quantile(request.model, request.duration, EARLY, ENOUGH_TO_LEARN)

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
        running: Sequence[AtRunway],
        limits: Mapping[str, ModelLimits],
        now: datetime,
    ) -> datetime:
        """When the queued job at `place` is likely to be ready."""
        ages = [
            (now - task.submitted_at).total_seconds()
            for task in running
            if task.model == request.model and task.submitted_at is not None
        ]
        seconds = eta_seconds(place, ages, limits.get(request.model), self.typical(request))
        return now + timedelta(seconds=seconds)


def places(queues: Mapping[str, Sequence[Waiting]]) -> dict[str, int]:
    """Each queued job's place in its model's queue; 1 is next."""
    return {job.id: n for queue in queues.values() for n, job in enumerate(queue, start=1)}
