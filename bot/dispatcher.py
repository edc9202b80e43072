"""Who goes next: each model's places at Runway, shared fairly between members."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.jobs import Member
from bot.ports import Busy, ByMember, ModelLimits, Waiting

# Where the organisation does not say how many tasks of a model may run at once.
USUAL_CONCURRENCY = 2
# Clocks are not exact; what is due now is not asked for a thousand times a second.
LEAST_WAIT_SECONDS = 0.05


def order(
    waiting: Iterable[Waiting],
    theirs: ByMember,
    served: ByMember | None = None,
) -> dict[str, list[Waiting]]:
    """Each model's queue in the order in which its jobs will be sent.

    Round-robin: a member's second job goes after everybody's first, and what a member has at
    Runway already counts as a turn taken. Within a round whoever was served longest ago goes
    first (`served` numbers the turns by model and member), then the oldest job.
    """
    turn = served or {}
    turns: dict[str, Counter[Member]] = defaultdict(Counter)
    for (model, owner), tasks in theirs.items():
        turns[model][owner] = tasks
    rounds: dict[str, list[tuple[int, int, int, Waiting]]] = defaultdict(list)
    for job in sorted(waiting, key=lambda job: job.seq):
        taken = turns[job.model]
        last = turn.get((job.model, job.owner), 0)
        rounds[job.model].append((taken[job.owner], last, job.seq, job))
        taken[job.owner] += 1
    return {model: [job for *_, job in sorted(queue)] for model, queue in rounds.items()}


def admit(
    queues: Mapping[str, Sequence[Waiting]],
    busy: Busy,
    limits: Mapping[str, ModelLimits],
    now: datetime,
) -> list[Waiting]:
    """The queued jobs to send now: up to each model's free places, none before it is due."""
    admitted: list[Waiting] = []
    for model, queue in queues.items():
        free = free_places(model, busy, limits)
        ready = [job for job in queue if job.due_at is None or job.due_at <= now]
        admitted += ready[:free]
    return admitted


def free_places(model: str, busy: Busy, limits: Mapping[str, ModelLimits]) -> int:
    """How many more tasks of a model Runway would take at once."""
    return max(0, _places(limits.get(model)) - busy.get(model, 0))


def seconds_until_due(
    queues: Mapping[str, Sequence[Waiting]], now: datetime, at_most: float
) -> float:
    """How long until the first job that waits for its time is due."""
    due = [j.due_at for queue in queues.values() for j in queue if j.due_at and j.due_at > now]
    until = (min(due) - now).total_seconds() if due else at_most
    return min(at_most, max(LEAST_WAIT_SECONDS, until))


def eta_seconds(
    place: int, running: Sequence[float], limit: ModelLimits | None, typical: float
) -> float:
    """Seconds until the job at `place` (1 is next) is likely to be finished.

    `running` are the ages, in seconds, of the model's tasks at Runway; `typical` is how long one
    takes. Places free up as tasks end, the oldest first, and each is taken again at once.
    """
    places = min(max(1, _places(limit)), place + len(running))
    free_in = sorted(max(0.0, typical - age) for age in running)
    free_in = [0.0] * max(0, places - len(free_in)) + free_in
    for _ in range(place):
        start = free_in.pop(0)
        free_in.append(start + typical)
        free_in.sort()
    return start + typical


def _places(limit: ModelLimits | None) -> int:
    if limit is None or limit.concurrent is None:
        return USUAL_CONCURRENCY if limit is None else 1_000_000
    return limit.concurrent
