"""What is foreseen of a task's end, whatever its progress says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.timing.foresight import (
    ENOUGH_TO_LEARN,
    FIRST_LOOK,
    REMEMBERED,
    SIGHTS_KEPT,
    UNTOLD,
    Learned,
    Sights,
    due,
    ended,
)

FLOOR = 5.0
_SAID = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)
_TIME = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 10**6)
_SIGHTS = st.lists(st.tuples(_TIME, _SAID), max_size=30)


def sights_of(seen):
    sights = Sights()
    for elapsed, said in seen:
        sights.add(elapsed, said)
    return sights


def learned(seconds: float, *, says=None, jobs: int = 60) -> Learned:
    """Of jobs that took about so long, asked every 5 s; `says` is their progress by its true share."""
    kind = Learned()
    for n in range(jobs):
        end = seconds * (0.8 + 0.4 * n / jobs)
        seen = [(t, says and says(t / end)) for t in range(5, math.ceil(end), 5)]
        kind.learn(end, sights_of(seen))
    return kind


@given(_SIGHTS, st.lists(st.tuples(st.floats(0, 10**5), _SIGHTS), min_size=20, max_size=40),
       st.floats(0, 10**5), st.sampled_from([5.0, 0.05]))  # fmt: skip
def test_nonsense_for_progress_never_breaks_what_is_foreseen(seen, jobs, elapsed, floor):
    kind = Learned()
    for end, its in jobs:
        kind.learn(end, sights_of(its))
    wait = kind.wait(elapsed, sights_of(seen).progress(elapsed), floor)
    assert wait is not None
    assert 0 < wait < math.inf


@pytest.mark.parametrize("nonsense", [math.nan, -0.1, 1.1, math.inf, None])
def test_nonsense_changes_nothing_of_what_was_seen(nonsense):
    sights = sights_of([(10, 0.2)])
    before = sights.progress(20)
    sights.add(15, nonsense)
    assert sights.progress(20) == before == pytest.approx(0.4)


def test_a_task_keeps_only_its_latest_sightings():
    sights = sights_of([(n + 1, 0.5) for n in range(1000)])
    assert len(sights.seen) == 2 * SIGHTS_KEPT
    assert sights.seen[-2] == 1000


def test_too_few_jobs_foresee_nothing():
    kind = learned(40, jobs=ENOUGH_TO_LEARN - 1)
    assert kind.wait(0, None, FLOOR) is None
    kind.learn(40, Sights())
    assert kind.wait(0, None, FLOOR) is not None


def test_only_the_latest_jobs_count():
    kind = learned(1000, jobs=REMEMBERED)
    for _ in range(REMEMBERED):
        kind.learn(10, Sights())
    assert kind.typical == 10


def test_progress_that_was_right_before_is_followed():
    kind = learned(90, says=lambda share: share)
    assert kind.wait(80, 80 / 92, FLOOR) == pytest.approx(12, rel=0.15)
    # Half as slow again as any other.
    assert kind.wait(80, 0.5, FLOOR) > 2 * kind.wait(80, None, FLOOR)


def test_progress_that_never_reaches_its_end_is_understood():
    kind = learned(90, says=lambda share: 0.6 * share)
    assert kind.wait(80, 0.6 * 80 / 92, FLOOR) == pytest.approx(12, rel=0.15)


@pytest.mark.parametrize(("typical", "floors"), [(40, 3.5), (180, 29 / 180**0.5)])
def test_progress_that_is_wrong_by_chance_costs_no_more_than_some_floors(typical, floors):
    kind = learned(typical, says=lambda share: share)
    assert kind.wait(0.5 * typical, 0.3, FLOOR) == pytest.approx(floors * FLOOR, rel=0.01)


def _whatever(share):
    return share * 7919 % 1


@pytest.mark.parametrize("says", [_whatever, lambda _: 0.5, lambda share: 0.9 - 0.6 * share])
def test_progress_that_says_nothing_is_not_followed(says):
    kind = learned(90, says=says)
    for elapsed in range(5, 120, 5):
        assert kind.wait(elapsed, 0.9, FLOOR) == kind.wait(elapsed, None, FLOOR)


def test_without_progress_nobody_looks_later_than_others_once_quick_jobs_may_be_done():
    kind = learned(180, says=lambda _: None)  # the quickest takes 0.8 of that
    assert kind.wait(0, None, FLOOR) == pytest.approx(FIRST_LOOK * 0.82 * 180, rel=0.01)
    for elapsed in range(110, 1000, 10):
        assert kind.wait(elapsed, None, FLOOR) <= UNTOLD * FLOOR


def test_a_job_that_outlasts_all_others_is_still_expected():
    kind = learned(40)
    waits = [kind.wait(age, None, FLOOR) for age in (60, 600, 6000)]
    assert waits == sorted(waits)
    assert waits[0] < 10


def test_when_a_question_is_due():
    # Certain of its end: so long after it as a question is worth.
    assert due([(20.0, 1.0)], 2.0) == 22.0
    # Half of them wait from 10 s on: after four seconds more they have waited two on average.
    assert due([(10.0, 1.0), (50.0, 1.0)], 2.0) == 14.0


def test_a_job_ended_between_two_looks():
    assert ended(20, 26, FLOOR) == 23
    # After a long gap a late end is likelier than an early one: it was not expected before.
    assert ended(0, 26, FLOOR) == 21
