"""When to ask Runway again how a task is doing."""

import random

# Runway's reference: no faster than every 5 s for one task.
FLOOR_SECONDS = 5.0
SPREAD = 0.04
# Tasks of which nothing is foreseen are asked less often with time: at this share of their age.
SHARE_OF_AGE = 0.08
# However late the end is foreseen: people look at the progress meanwhile.
MOST_SECONDS = 30.0


def next_poll(
    foreseen: float | None, elapsed: float, errors: int, floor: float, rng: random.Random
) -> float:
    """Seconds to the next question, `elapsed` seconds after the start, after `errors` in a row.

    `foreseen` is in how many seconds the task is worth a question; None when nothing is known.
    """
    if foreseen is None:
        foreseen = SHARE_OF_AGE * elapsed if elapsed > 60 else 0.0
    gap = max(floor, min(MOST_SECONDS, foreseen))
    return _spread(min(gap * 2 ** min(errors, 16), max(gap, MOST_SECONDS)), rng)


def _spread(seconds: float, rng: random.Random) -> float:
    return seconds * (1 + SPREAD * rng.random())
