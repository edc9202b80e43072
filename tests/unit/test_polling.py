"""When Runway is asked again, and what is learned from earlier jobs."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.jobs import Member
from bot.ports import ModelLimits, Timing, Waiting
from bot.requests import GenerationRequest, Operation
from bot.timing.estimates import Estimates, places
from bot.timing.foresight import ENOUGH_TO_LEARN, FIRST_LOOK, Sights
from bot.timing.polling import (
    FLOOR_SECONDS,
    MOST_SECONDS,
    SPREAD,
    next_poll,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_RNG = st.randoms(use_true_random=False)
_AGE = st.floats(0, 10**7)
_FLOOR = st.sampled_from([FLOOR_SECONDS, 0.05])


def test_the_floor_is_runways_own():
    assert FLOOR_SECONDS == 5.0


@given(st.none() | st.floats(-(10**5), 10**5), _AGE, st.integers(0, 100_000), _FLOOR, _RNG)
@example(None, 0.0, 1024, 5.0, random.Random(1))
def test_the_next_question_is_never_too_early_nor_too_late(foreseen, elapsed, errors, floor, rng):
    assert floor <= next_poll(foreseen, elapsed, errors, floor, rng) <= MOST_SECONDS * (1 + SPREAD)


def spread_free() -> random.Random:
    class Never(random.Random):
        def random(self) -> float:
            return 0.0

    return Never()


@given(_AGE, _AGE, st.integers(0, 20), st.integers(0, 20))
def test_pauses_grow_with_age_and_with_errors(age, more_age, errors, more_errors):
    before = next_poll(None, age, errors, FLOOR_SECONDS, spread_free())
    after = next_poll(None, age + more_age, errors + more_errors, FLOOR_SECONDS, spread_free())
    assert before <= after


@pytest.mark.parametrize(
    ("elapsed", "errors", "wait"),
    [(0, 0, 5), (60, 0, 5), (100, 0, 8), (300, 0, 24), (1000, 0, 30), (0, 1, 10), (0, 3, 30)],
)
def test_pauses_by_hand(elapsed, errors, wait):
    assert next_poll(None, elapsed, errors, FLOOR_SECONDS, spread_free()) == pytest.approx(wait)


@pytest.mark.parametrize(
    ("foreseen", "errors", "wait"), [(2, 0, 5), (12, 0, 12), (90, 0, 30), (12, 1, 24)]
)
def test_what_is_foreseen_counts_more_than_age(foreseen, errors, wait):
    assert next_poll(foreseen, 1000, errors, FLOOR_SECONDS, spread_free()) == wait


def test_questions_of_many_tasks_are_spread():
    waits = {next_poll(None, 0, 0, FLOOR_SECONDS, random.Random(n)) for n in range(20)}
    assert len(waits) == 20


VIDEO = GenerationRequest(Operation.IMAGE_TO_VIDEO, "gen4_turbo", "go", 25, duration=5)
IMAGE = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 8)


def test_an_unknown_model_takes_what_is_usual_for_its_kind():
    estimates = Estimates()
    assert estimates.typical(IMAGE) == 20
    assert estimates.typical(VIDEO) == 60
    assert estimates.wait(VIDEO, 0.0, Sights()) is None


def test_estimates_follow_what_was_learned_of_the_same_model_and_length():
    estimates = Estimates([Timing("gen4_turbo", 5, 30.0)] * ENOUGH_TO_LEARN)
    # Noticed after 30 s, asked at least 5 s before: it ended in between.
    assert estimates.typical(VIDEO) == 27.5
    assert estimates.wait(VIDEO, 0.0, Sights()) == pytest.approx(FIRST_LOOK * 27.5)
    assert estimates.typical(replace(VIDEO, duration=10)) == 60
    for _ in range(ENOUGH_TO_LEARN * 3):
        estimates.learn(Timing("gen4_turbo", 5, 50.0), 48.0, Sights())
    assert estimates.typical(VIDEO) == 49.0


@pytest.mark.parametrize(
    ("elapsed", "fraction", "total"),
    [(10, None, 60), (10, 0.0, 60), (10, 0.5, 40), (2, 0.9, 60), (30, 1.0, 60), (60, None, None),
     (90, 0.5, 120), (500, None, None)],
)  # fmt: skip
def test_when_a_running_task_is_ready(elapsed, fraction, total):
    now = NOW + timedelta(seconds=elapsed)
    expected = None if total is None else NOW + timedelta(seconds=total)
    assert Estimates().ready(VIDEO, NOW, now, fraction) == expected


@given(st.floats(0, 10**5), st.none() | st.floats(0, 1))
def test_nothing_is_promised_for_the_past(elapsed, fraction):
    now = NOW + timedelta(seconds=elapsed)
    ready = Estimates().ready(VIDEO, NOW, now, fraction)
    assert ready is None or ready >= now


def test_a_place_is_free_when_the_tasks_before_it_have_ended():
    limits = {"gen4_turbo": ModelLimits(1, None)}
    sent = [NOW - timedelta(seconds=50)]
    ready = Estimates().place_ready(VIDEO, 1, sent, limits, NOW)
    assert ready == NOW + timedelta(seconds=10 + 60)
    assert Estimates().place_ready(VIDEO, 1, [], limits, NOW) == NOW + timedelta(seconds=60)


def test_places_are_counted_from_one_in_each_queue():
    ada = Member("playground:local", "ada")
    a, b, c = (Waiting(name, ada, "m", 1, None) for name in "abc")
    assert places({"m": [a, b], "n": [c]}) == {"a": 1, "b": 2, "c": 1}
