"""Questions per job, and how late its end is noticed: simulated, beside the SDK's own waiting.

Jobs take lognormal times with a median of 12, 40, 90 or 180 s, and one in twenty takes 2 to 6 times
as long. The product's own functions learn from 300 jobs, noticing them as they do in production, and
are then asked about others; how much slower or faster those are than the learned ones is the row's.
What was learned by chance moves a figure by 0.03, so that each is the mean of three such courses.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from bot.timing.foresight import Learned, Sights, ended
from bot.timing.polling import FLOOR_SECONDS, next_poll
from tests.benchmarks.row import Row

# The median in seconds, and the deviation of the logarithm: longer jobs vary more.
JOBS = {12: 0.3, 40: 0.3, 90: 0.4, 180: 0.5}
COURSES, LEARNED, MEASURED = 3, 300, 400
DRIFTS = {"as learned": 1.0, "30 % faster": 0.7, "30 % slower": 1.3}

# What a task says of its progress when this share of its time is over.
Says = Callable[[float, random.Random], float | None]


def _linear(noise: float) -> Says:
    return lambda share, rng: min(1.0, max(0.0, share + rng.gauss(0, noise)))


def _uneven(share: float, rng: random.Random) -> float:
    """Fast at first, then at a standstill, a jump, and done when it says about 0.85."""
    if share < 0.2:
        said = 1.5 * share
    elif share < 0.5:
        said = 0.3
    else:
        said = 0.6 + 0.3 * (share - 0.5) + 0.5 * max(0.0, share - 0.8)
    return round(max(0.0, said + rng.gauss(0, 0.02)), 2)


PROGRESS: dict[str, Says] = {
    "progress ±0.05": _linear(0.05),
    "progress ±0.1": _linear(0.1),
    "progress uneven": _uneven,
    "progress nonsense": lambda _, rng: rng.random(),
    "no progress": lambda _share, _rng: None,
}


@dataclass(frozen=True)
class Noticed:
    """A job's end: after how many questions, and how many seconds late."""

    polls: int
    late: float


@dataclass(frozen=True)
class Shares:
    """Polls, the mean delay and its 95th percentile, each as a share of the SDK's."""

    polls: float
    delay: float
    tail: float


async def measure() -> list[Row]:
    """For each kind of progress the worst of the medians, as learned and when they drift."""
    print("polls, mean and 95 % delay as shares of the SDK's:", flush=True)
    return [row for name, says in PROGRESS.items() for row in _rows(name, says)]


def _rows(name: str, says: Says) -> list[Row]:
    found: dict[tuple[int, str], Shares] = {}
    for median, drift in product(JOBS, DRIFTS):
        found[median, drift] = shares = _compared(median, DRIFTS[drift], says)
        figures = f"{shares.polls:.2f} {shares.delay:.2f} {shares.tail:.2f}"
        print(f"  {name}, {median} s, {drift}: {figures}", flush=True)
    rows = []
    for median, drifts in product(JOBS, (["as learned"], list(DRIFTS)[1:])):
        some = [found[median, drift] for drift in drifts]
        what = f"{median} s, {name}, {drifts[0] if len(drifts) == 1 else '30 % off'}"
        rows += [
            Row(
                f"polls: {what}", max(s.polls for s in some), "× SDK", 0.9 if median == 12 else 0.6
            ),
            Row(f"delay: {what}", max(s.delay for s in some), "× SDK", 0.9),
        ]
    return [*rows, Row(f"p95 delay: any, {name}", max(s.tail for s in found.values()), "× SDK", 1)]


def _compared(median: int, drift: float, says: Says) -> Shares:
    courses = [_course(random.Random(f"{median} {n}"), median, drift, says) for n in range(COURSES)]
    return Shares(
        fmean(one.polls for one in courses),
        fmean(one.delay for one in courses),
        fmean(one.tail for one in courses),
    )


def _course(rng: random.Random, median: int, drift: float, says: Says) -> Shares:
    kind = Learned()
    for _ in range(LEARNED):
        _ours(kind, _seconds(median, rng), says, rng, learn=True)
    jobs = [drift * _seconds(median, rng) for _ in range(MEASURED)]
    ours = _figures([_ours(kind, seconds, says, rng) for seconds in jobs])
    theirs = _figures([_sdks(seconds, rng) for seconds in jobs for _ in range(4)])
    return Shares(*(a / b for a, b in zip(ours, theirs, strict=True)))


def _figures(noticed: list[Noticed]) -> tuple[float, float, float]:
    late = sorted(one.late for one in noticed)
    polls = sum(one.polls for one in noticed)
    return polls / len(late), sum(late) / len(late), late[int(0.95 * len(late))]


def _seconds(median: float, rng: random.Random) -> float:
    straggles = rng.uniform(2, 6) if rng.random() < 0.05 else 1.0
    return median * math.exp(rng.gauss(0, JOBS[int(median)])) * straggles


def _ours(
    kind: Learned, seconds: float, says: Says, rng: random.Random, *, learn: bool = False
) -> Noticed:
    elapsed, seen, polls, sights = 0.0, 0.0, 0, Sights()
    while elapsed < seconds:
        seen = elapsed
        foreseen = kind.wait(elapsed, sights.progress(elapsed), FLOOR_SECONDS)
        elapsed += next_poll(foreseen, elapsed, 0, FLOOR_SECONDS, rng)
        polls += 1
        if elapsed < seconds:
            sights.add(elapsed, says(elapsed / seconds, rng))
    if learn:
        kind.learn(ended(seen, elapsed, FLOOR_SECONDS), sights)
    return Noticed(polls, elapsed - seconds)


def _sdks(seconds: float, rng: random.Random) -> Noticed:
    """`runwayml.lib.polling`: 6 s, give or take 1.5."""
    elapsed, polls = 0.0, 0
    while elapsed < seconds:
        elapsed += 4.5 + 3 * rng.random()
        polls += 1
    return Noticed(polls, elapsed - seconds)
