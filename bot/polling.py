"""When to ask Runway again how a task is doing."""

import random
from collections import deque
from collections.abc import Iterable

from bot.ports import Timing

# Runway's reference: no faster than every 5 s for one task.
FLOOR_SECONDS = 5.0
SPREAD = 0.1
# Fewer finished jobs than this say too little about the next one.
ENOUGH_TO_LEARN = 20
REMEMBERED = 200
# Tasks that run for long are asked less often: never later than this share of their age.
SHARE_OF_AGE = 0.08
MOST_SECONDS = 30.0


class Learned:
    """How long each model takes for each length of video, from its latest jobs."""

    def __init__(self, timings: Iterable[Timing] = ()) -> None:
        self._seconds: dict[tuple[str, int | None], deque[float]] = {}
        for timing in timings:
            self.add(timing)

    def add(self, timing: Timing) -> None:
        key = (timing.model, timing.duration)
        self._seconds.setdefault(key, deque(maxlen=REMEMBERED)).append(timing.seconds)

    def quantile(self, model: str, duration: int | None, q: float, least: int = 1) -> float | None:
        """The seconds that the share `q` of jobs stayed under; None with fewer than `least` jobs."""
        known = sorted(self._seconds.get((model, duration), ()))
        if len(known) < least:
            return None
        return known[min(len(known) - 1, int(q * len(known)))]


def first_poll(learned_early: float | None, floor: float, rng: random.Random) -> float:
    """Seconds from the start of a task to the first question.

    `learned_early` is the time before which hardly any task of its kind is done.
    """
    return _spread(max(floor, 0.85 * (learned_early or 0.0)), rng)


def next_poll(elapsed: float, errors: int, floor: float, rng: random.Random) -> float:
    """Seconds to the next question, `elapsed` seconds after the start, after `errors` in a row."""
    gap = max(floor, min(MOST_SECONDS, SHARE_OF_AGE * elapsed if elapsed > 60 else 0.0))
    return _spread(min(gap * 2 ** min(errors, 16), max(gap, MOST_SECONDS)), rng)


def _spread(seconds: float, rng: random.Random) -> float:
    return seconds * (1 + SPREAD * rng.random())
