"""When a task will be done: from how long earlier ones took, and from the `progress` it reports.

What `progress` is worth is learned, not believed: of earlier tasks that stood where this one stands
it is remembered how far along they really were. Where that says little, their durations count more.
"""

import math
from array import array
from bisect import bisect_left
from collections import deque
from statistics import StatisticsError, correlation

# Of one model and length: so many of the latest jobs are remembered, and where they were seen.
REMEMBERED = 200
SIGHTS_REMEMBERED = 800
# Fewer finished jobs, or sightings of them, say too little about the next one.
ENOUGH_TO_LEARN = 20
ENOUGH_SIGHTS = 40
# Progress that goes less with how far along jobs are is nonsense (a correlation).
LEAST_AGREEMENT = 0.3
# Of one task: so many sightings are kept; each counts this much of what the next one counts.
SIGHTS_KEPT = 16
FADING = 0.8
# What one question is worth: this share of floor² / typical seconds of waiting. A long job is asked
# for many times anyway, so that one time more matters less.
WORTH = 0.41
# A belief is made of so many earlier durations, and so many sightings.
DURATIONS, NEIGHBOURS = 40, 30
# Jobs may have become faster than those that were learned from, or take longer than any of them.
FASTER, FASTER_WEIGHT = 0.72, 0.1
LONGER = tuple(0.01 * 2**step for step in range(9))
LONGER_WEIGHT = 0.05
# How much sightings that disagree make durations count; 1 would hold them for independent of them.
DOUBT = 0.45
# Progress may be wrong by chance: however far away the end seems, no more floors lie between two looks
# than the first, nor than the second divided by the root of the typical seconds.
MOST_APART, MOST_APART_LONG = 3.5, 29.0
# The first look comes before this share of a quick job's time: its progress may tell the rest. Where
# it does not, so many floors lie between two looks: no later than everybody else, with fewer looks.
FIRST_LOOK = 0.7
UNTOLD = 1.06

# Seconds that are left, and how much that counts.
Belief = list[tuple[float, float]]


class Sights:
    """What one task said of its progress, and after how many seconds."""

    __slots__ = ("_along", "_past", "seen")

    def __init__(self) -> None:
        self._along = self._past = 0.0
        self.seen = array("f")  # seconds and progress in turn

    def add(self, elapsed: float, progress: float | None) -> None:
        """Note an answer; one without progress, or with nonsense for it, changes nothing."""
        if progress is None or not 0 <= progress <= 1 or not 0 < elapsed < math.inf:
            return
        self._along = self._along * FADING + progress * elapsed
        self._past = self._past * FADING + elapsed * elapsed
        self.seen.extend((elapsed, self.progress(elapsed) or 0.0))
        del self.seen[: -2 * SIGHTS_KEPT]

    def progress(self, elapsed: float) -> float | None:
        """The progress of the latest answers, evened out and carried on until now."""
        return self._along / self._past * elapsed if self._past else None


class Learned:
    """What was learned of one model's jobs of one length."""

    def __init__(self) -> None:
        self._ends: deque[float] = deque(maxlen=REMEMBERED)
        self._sights: deque[tuple[float, float]] = deque(maxlen=SIGHTS_REMEMBERED)
        self._is_new = True

    def learn(self, end: float, sights: Sights) -> None:
        """Remember a job that took `end` seconds."""
        self._ends.append(max(end, 1e-3))
        seen = iter(sights.seen)
        self._sights.extend((p, t / end) for t, p in zip(seen, seen, strict=True) if t < end)
        self._is_new = True

    @property
    def typical(self) -> float:
        """Seconds that half of the jobs stayed under."""
        self._look_through()
        return self._typical

    def wait(self, elapsed: float, progress: float | None, floor: float) -> float | None:
        """Seconds after which the task is worth a question; None when too little is known."""
        if len(self._ends) < ENOUGH_TO_LEARN:
            return None
        self._look_through()
        belief = [(end - elapsed, weight) for end, weight in self._durations if end > elapsed]
        longer = LONGER_WEIGHT * min(1.0, elapsed / self._typical)
        belief += [(elapsed * more, longer) for more in LONGER]
        told = progress if self._can_tell else None
        if told is not None:
            belief = self._weigh(belief, elapsed, told)
        seconds = due(sorted(belief), WORTH * floor * floor / self._typical)
        if told is not None:
            apart = min(MOST_APART, MOST_APART_LONG / math.sqrt(self._typical))
            return min(seconds, apart * floor)
        first = FIRST_LOOK * self._quick
        if first < 2 * floor:
            return seconds
        return min(seconds, max(UNTOLD * floor, first - elapsed))

    def _weigh(self, usual: Belief, elapsed: float, progress: float) -> Belief:
        """What the sightings nearest to this one say; the less they agree, the more the usual."""
        at = bisect_left(self._places, progress) - NEIGHBOURS // 2
        at = max(0, min(at, len(self._places) - NEIGHBOURS))
        told = []
        for _, done in self._seen[at : at + NEIGHBOURS]:
            end = elapsed / done
            off = math.log(end / self._typical) / self._spread
            told.append((end - elapsed, 1 / (1 + off * off)))
        told.sort()
        low, high = (told[int(q * NEIGHBOURS)][0] + elapsed for q in (0.16, 0.84))
        doubt = DOUBT * (math.log(high / low) / 2 / self._spread) ** 2
        share = doubt * sum(w for _, w in told) / sum(w for _, w in usual)
        return told + [(left, weight * share) for left, weight in usual]

    def _look_through(self) -> None:
        if not self._is_new:
            return
        known = sorted(self._ends)
        low, self._typical, high = (known[int(q * len(known))] for q in (0.16, 0.5, 0.84))
        self._quick = known[len(known) // 20]
        self._spread = max(0.1, math.log(high / low) / 2)
        some = [known[int((n + 0.5) * len(known) / DURATIONS)] for n in range(DURATIONS)]
        self._durations = [(end, 1.0) for end in some]
        self._durations += [(end * FASTER, FASTER_WEIGHT) for end in some[::2]]
        self._seen = sorted(self._sights)
        self._places = [progress for progress, _ in self._seen]
        self._can_tell = len(self._places) >= ENOUGH_SIGHTS and self._agreement() > LEAST_AGREEMENT
        self._is_new = False

    def _agreement(self) -> float:
        """How much more progress meant to be further along: 1 always, 0 not at all."""
        try:
            return correlation(self._places, [done for _, done in self._seen])
        except StatisticsError:  # it is always the same
            return 0.0


def due(belief: Belief, worth: float) -> float:
    """Seconds until a finished task has waited for `worth` seconds to be noticed, on average.

    `belief` is sorted; asking later would cost more waiting than a question is worth.
    """
    need = worth * sum(weight for _, weight in belief)
    weights = waited = 0.0
    for left, weight in belief:
        if weights and (need + waited) / weights <= left:
            break
        weights += weight
        waited += weight * left
    return (need + waited) / weights


def ended(last_seen: float, noticed: float, floor: float) -> float:
    """When a job ended that was seen at work at one time and done at a later one: in between.

    Without this each job would seem to end when it was noticed, and the next be asked for later.
    """
    return (max(last_seen, noticed - 2 * floor) + noticed) / 2
