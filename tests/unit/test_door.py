"""Each member gets so many commands at once and so many a minute; every one is counted."""

from contextlib import nullcontext

import pytest

from bot.desk.door import MOST_REMEMBERED, Door
from bot.errors import NoSuchJob, Refused, Stopping, StorageUnavailable, TooFast
from bot.jobs import Member

ADA, BEN = Member("playground:local", "ada"), Member("discord:1", "ben")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counted():
    return []


@pytest.fixture
def door(clock, counted):
    return Door(
        burst=3,
        per_minute=60,
        clock=clock,
        count=lambda *of: counted.append(of),
        span=lambda _name, _attributes: nullcontext(),
    )


def enter(door, member, times=1):
    for _ in range(times):
        with door.passing(member, "imagine"):
            pass


def test_a_burst_is_let_in_and_then_refused_with_how_long_to_wait(door, clock):
    enter(door, ADA, 3)
    with pytest.raises(TooFast) as error:
        enter(door, ADA)
    assert error.value.wait == pytest.approx(1.0)
    clock.seconds += 0.75
    with pytest.raises(TooFast) as error:
        enter(door, ADA)
    assert error.value.wait == pytest.approx(0.25)


def test_tokens_come_back_with_time_up_to_the_burst(door, clock):
    enter(door, ADA, 3)
    clock.seconds += 1
    enter(door, ADA)
    clock.seconds += 1000
    enter(door, ADA, 3)
    with pytest.raises(TooFast):
        enter(door, ADA)


def test_members_do_not_share(door):
    enter(door, ADA, 3)
    enter(door, BEN, 3)


def test_a_look_takes_no_token(door):
    for _ in range(20):
        door.check(ADA)
    enter(door, ADA, 3)
    with pytest.raises(TooFast):
        door.check(ADA)


def test_everything_is_counted_by_what_became_of_it(door, clock, counted):
    enter(door, BEN)
    with pytest.raises(Refused), door.passing(BEN, "retry"):
        raise NoSuchJob("x")
    with pytest.raises(OSError, match="disk"), door.passing(BEN, "animate"):
        raise OSError("disk")
    clock.seconds += 1
    with pytest.raises(StorageUnavailable), door.passing(BEN, "edit"):
        raise StorageUnavailable("database or disk is full")
    with pytest.raises(TooFast):
        enter(door, BEN)
    assert counted == [
        ("discord", "imagine", "done"), ("discord", "retry", "refused"),
        ("discord", "animate", "failed"), ("discord", "edit", "failed"),
        ("discord", "imagine", "too_fast"),
    ]  # fmt: skip


def test_a_closed_door_lets_nobody_in(door):
    door.close()
    with pytest.raises(Stopping):
        enter(door, ADA)
    with pytest.raises(Stopping):
        door.check(BEN)


def test_what_is_remembered_of_members_has_an_end(door):
    for number in range(MOST_REMEMBERED + 10):
        door.check(Member("discord:1", str(number)))
    assert len(door._buckets) == MOST_REMEMBERED
