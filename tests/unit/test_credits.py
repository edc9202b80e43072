"""The rules of money: the settle table row by row, balances, and periods on the calendar."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.credits import (
    Allowance,
    Balance,
    Outcome,
    Period,
    Settlement,
    failure_outcome,
    period_end,
    period_start,
    settle,
)

HOLD = 25
# Outcome, Runway's own cost (None: it says none), what the member pays, what the workspace pays.
TABLE = [
    (Outcome.DELIVERED, None, 25, 0),
    (Outcome.DELIVERED, 25, 25, 0),
    (Outcome.DELIVERED, 20, 20, 0),
    (Outcome.DELIVERED, 0, 0, 0),
    (Outcome.DELIVERED, 30, 25, 5),
    (Outcome.UNDELIVERABLE, None, 0, 25),
    (Outcome.UNDELIVERABLE, 20, 0, 20),
    (Outcome.UNDELIVERABLE, 0, 0, 0),
    (Outcome.INPUT_REFUSED, None, 0, 0),
    (Outcome.INPUT_REFUSED, 0, 0, 0),
    (Outcome.INPUT_REFUSED, 25, 25, 0),
    (Outcome.INPUT_REFUSED, 30, 25, 5),
    (Outcome.FAILED, None, 0, 0),
    (Outcome.FAILED, 0, 0, 0),
    (Outcome.FAILED, 25, 0, 25),
    (Outcome.NEVER_SENT, None, 0, 0),
    (Outcome.NEVER_SENT, 25, 0, 0),
    (Outcome.CANCELLED_WAITING, None, 0, 25),
    (Outcome.CANCELLED_RUNNING, None, 25, 0),
    (Outcome.UNCERTAIN, None, 0, 25),
    (Outcome.GIVEN_UP, None, 0, 25),
]


@pytest.mark.parametrize(("outcome", "cost", "captured", "booked"), TABLE, ids=str)
def test_who_pays_what(outcome, cost, captured, booked):
    assert settle(outcome, HOLD, cost) == Settlement(captured, booked)


def test_every_outcome_is_in_the_table():
    assert {row[0] for row in TABLE} == set(Outcome)


@given(st.sampled_from(Outcome), st.integers(0, 10**9), st.none() | st.integers(-5, 10**9))
def test_a_member_never_pays_more_than_was_held_and_nobody_less_than_nothing(outcome, hold, cost):
    settlement = settle(outcome, hold, cost)
    assert 0 <= settlement.captured <= hold
    assert settlement.booked >= 0


@given(st.sampled_from(Outcome), st.integers(0, 10**9), st.integers(0, 10**9))
def test_nothing_that_runway_charged_for_a_task_is_lost_from_the_books(outcome, hold, cost):
    settlement = settle(outcome, hold, cost)
    ended = {Outcome.DELIVERED, Outcome.UNDELIVERABLE, Outcome.INPUT_REFUSED, Outcome.FAILED}
    if outcome in ended:
        assert settlement.captured + settlement.booked == cost


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("SAFETY.INPUT.TEXT", Outcome.INPUT_REFUSED),
        ("SAFETY.INPUT.IMAGE", Outcome.INPUT_REFUSED),
        ("SAFETY.INPUT", Outcome.INPUT_REFUSED),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", Outcome.INPUT_REFUSED),
        ("SAFETY.OUTPUT.VIDEO", Outcome.FAILED),
        ("INPUT_PREPROCESSING.INTERNAL", Outcome.FAILED),
        ("INTERNAL.BAD_OUTPUT.01", Outcome.FAILED),
        ("ASSET.INVALID", Outcome.FAILED),
        ("THIRD_PARTY.UNAVAILABLE", Outcome.FAILED),
        ("INTERNAL", Outcome.FAILED),
        ("", Outcome.FAILED),
        (None, Outcome.FAILED),
    ],
)
def test_which_failures_a_member_pays_for(code, outcome):
    assert failure_outcome(code) is outcome


@pytest.mark.parametrize(
    ("limit", "held", "captured", "left"),
    [(500, 0, 0, 500), (500, 25, 100, 375), (500, 0, 500, 0), (100, 50, 200, 0), (None, 9, 9, None)],
)  # fmt: skip
def test_what_is_left(limit, held, captured, left):
    began, ends = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert Balance(Allowance(limit), held, captured, began, ends).left == left


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "period", "zone", "start", "end"),
    [
        ("2026-11-22T12:00Z", "month", "UTC", "2026-11-01T00:00Z", "2026-12-01T00:00Z"),
        ("2026-12-31T23:59:59Z", "month", "UTC", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("2027-01-01T00:00Z", "month", "UTC", "2027-01-01T00:00Z", "2027-02-01T00:00Z"),
        ("2027-01-31T12:00Z", "month", "UTC", "2027-01-01T00:00Z", "2027-02-01T00:00Z"),
        # Leap years, and one that is none.
        ("2028-02-29T12:00Z", "month", "UTC", "2028-02-01T00:00Z", "2028-03-01T00:00Z"),
        ("2028-02-29T12:00Z", "day", "UTC", "2028-02-29T00:00Z", "2028-03-01T00:00Z"),
        ("2100-02-28T12:00Z", "day", "UTC", "2100-02-28T00:00Z", "2100-03-01T00:00Z"),
        # A week begins on Monday.
        ("2026-11-22T23:59Z", "week", "UTC", "2026-11-16T00:00Z", "2026-11-23T00:00Z"),
        ("2026-11-23T00:00Z", "week", "UTC", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
        ("2026-12-31T12:00Z", "week", "UTC", "2026-12-28T00:00Z", "2027-01-04T00:00Z"),
        # The wall of the zone decides which month it is.
        ("2026-11-30T23:30Z", "month", "Europe/Berlin", "2026-11-30T23:00Z", "2026-12-31T23:00Z"),
        ("2026-12-01T07:30Z", "month", "America/Los_Angeles",
         "2026-11-01T07:00Z", "2026-12-01T08:00Z"),
        # Days of 23 and of 25 hours, and of a half-hour change.
        ("2026-03-29T12:00Z", "day", "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("2026-10-25T12:00Z", "day", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("2026-04-05T00:00Z", "day", "Australia/Lord_Howe",
         "2026-04-04T13:00Z", "2026-04-05T13:30Z"),
        # Midnight itself does not exist on this day.
        ("2026-04-24T12:00Z", "day", "Africa/Cairo", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
        # A day that a whole country left out.
        ("2011-12-30T09:00Z", "day", "Pacific/Apia", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("2026-11-22T12:00Z", "day", "Asia/Kathmandu", "2026-11-21T18:15Z", "2026-11-22T18:15Z"),
    ],
)  # fmt: skip
def test_periods_begin_at_midnight_on_the_wall_of_the_zone(now, period, zone, start, end):
    moment, where = at(now), ZoneInfo(zone)
    assert period_start(moment, Period(period), where) == at(start)
    assert period_end(moment, Period(period), where) == at(end)


ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles",
    "America/St_Johns", "America/Santiago", "America/Havana", "America/Nuuk", "Africa/Cairo",
    "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Tokyo", "Atlantic/Azores",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "Antarctica/Troll",
]  # fmt: skip
MOMENTS = st.integers(1_325_376_000_000_000, 2_524_608_000_000_000).map(  # 2012 to 2050
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)


@given(MOMENTS, st.sampled_from(Period), st.sampled_from(ZONES))
@example(at("2026-10-25T00:30Z"), Period.DAY, "Europe/Berlin")
@example(at("2026-10-30T21:30Z"), Period.DAY, "Africa/Cairo")
def test_now_is_inside_its_period_and_periods_touch(now, period, zone):
    where = ZoneInfo(zone)
    start, end = period_start(now, period, where), period_end(now, period, where)
    assert start <= now < end
    assert start.utcoffset() == end.utcoffset() == timedelta(0)
    assert period_start(end, period, where) == end
    assert period_end(start, period, where) == end
    assert period_start(end - timedelta(microseconds=1), period, where) == start


@given(st.sampled_from(Period), st.sampled_from(ZONES), st.integers(2013, 2045))
def test_a_year_is_covered_without_gap_or_overlap(period, zone, year):
    where = ZoneInfo(zone)
    ends = [datetime(year, 1, 10, tzinfo=UTC)]
    while ends[-1] < datetime(year, 3, 20, tzinfo=UTC):
        ends.append(period_end(ends[-1], period, where))
    lengths = [after - before for before, after in pairwise(ends[1:])]
    days = {Period.DAY: (1, 1), Period.WEEK: (7, 7), Period.MONTH: (28, 31)}[period]
    hour = timedelta(hours=2)  # Antarctica's Troll moves its clocks by two
    for length in lengths:
        assert timedelta(days=days[0]) - hour <= length <= timedelta(days=days[1]) + hour
