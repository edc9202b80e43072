"""The rules without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.credits import BLOCKED, Allowance, Period
from bot.quotas import Moderation, Rule, choose_rule, crossed, forecast, paused_until, split

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
frees = st.lists(st.one_of(st.none(), st.integers(-20, 100)), min_size=1, max_size=4)


@given(st.integers(0, 200), frees)
def test_a_price_is_divided_in_order_and_fits_or_nothing_is_taken(amount, free):
    parts = split(amount, free)
    room = float("inf") if None in free else sum(max(0, f) for f in free)
    assert (parts is None) == (amount > room)
    if parts is None:
        return
    assert sum(parts) == amount
    for index, (part, available) in enumerate(zip(parts, free, strict=True)):
        assert part >= 0
        assert available is None or part <= max(0, available)
        # A later bucket is only touched when this one is used up.
        if any(parts[index + 1 :]):
            assert part == max(0, available)


def test_blocked_is_below_every_role_and_unlimited_above():
    rules = [Rule(a, f"role:{i}") for i, a in enumerate([BLOCKED, Allowance(1), Allowance(None)])]
    last = Rule(Allowance(500), "configured")
    assert choose_rule(None, rules, None, last).scope == "role:2"
    assert choose_rule(None, rules[:2], None, last).scope == "role:1"
    assert choose_rule(None, rules[:1], Rule(Allowance(9), "default"), last).scope == "role:0"


def test_an_allowance_for_the_month_is_compared_with_one_for_the_day_by_the_day():
    month, day = Rule(Allowance(300, Period.MONTH), "a"), Rule(Allowance(11, Period.DAY), "b")
    assert choose_rule(None, [month, day], None, month).scope == "b"


@pytest.mark.parametrize(
    ("used", "limit", "marks"),
    [(49, 100, []), (50, 100, [50]), (80, 100, [50, 80]), (100, 100, [50, 80, 100]),
     (1, 2, [50]), (5, None, []), (3, 0, [])],
)  # fmt: skip
def test_marks(used, limit, marks):
    assert crossed(used, limit) == marks


def test_the_forecast_follows_the_pace_of_the_period():
    tenth = START + (END - START) / 10
    assert forecast(20, 100, START, END, tenth) == START + (END - START) / 2
    assert forecast(10, 100, START, END, tenth) is None
    assert forecast(150, 100, START, END, tenth) == tenth
    assert forecast(50, None, START, END, tenth) is None
    assert forecast(50, 100, START, END, START + timedelta(minutes=5)) is None


def test_strikes_pause_only_when_they_lie_within_the_window():
    rules = Moderation(strikes=2, window=timedelta(hours=1), pause=timedelta(hours=5))
    close = [START, START + timedelta(minutes=59)]
    assert paused_until(close, rules, close[-1]) == close[-1] + timedelta(hours=5)
    assert paused_until(close, rules, close[-1] + timedelta(hours=5)) is None
    assert paused_until([START, START + timedelta(minutes=61)], rules, START) is None
    assert paused_until([START], rules, START) is None


@pytest.mark.parametrize(
    ("prompt", "word"),
    [("a Blood moon", "blood"), ("bloody", None), ("blood-red", "blood"), ("GRÜSSE", "grüße"), ("", None)],
)  # fmt: skip
def test_listed_words_stop_a_prompt_in_any_case_but_only_as_words(prompt, word):
    assert Moderation(words=("blood", "grüße")).word_in(prompt) == word


@pytest.mark.parametrize(
    "prompt",
    [
        "\uff42\uff4c\uff4f\uff4f\uff44",
        "b\u200blood",
        "bl\u00adood",
        "\U0001d41b\U0001d425\U0001d428\U0001d428\U0001d41d",
        "gru\u0308\u00dfe",
    ],
)
def test_a_listed_word_is_known_in_letters_that_only_look_different(prompt):
    assert Moderation(words=("blood", "grüße")).word_in(f"a {prompt}.") in ("blood", "grüße")
