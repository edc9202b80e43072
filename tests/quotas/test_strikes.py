"""Refusals by Runway's moderation: counted, paused, pardoned."""

from datetime import timedelta

import pytest

from bot.errors import Paused
from bot.jobs import Member


async def strike(books, times, apart=timedelta(hours=1)):
    for _ in range(times):
        await books.fail(await books.accept("ben", 5), "SAFETY.INPUT.TEXT", cost=5)
        books.now += apart


async def test_three_refusals_within_a_day_pause_the_member_and_nobody_else(books):
    await strike(books, 3)
    with pytest.raises(Paused) as caught:
        await books.accept("ben", 5)
    # The last one was an hour ago.
    assert caught.value.until == books.now + timedelta(hours=23)
    await books.accept("ada", 5)
    kinds = [(u.kind, u.member) for u in await books.untold() if u.kind == "paused"]
    assert sorted(kinds, key=str) == [("paused", "ben"), ("paused", None)]


async def test_the_pause_ends_by_itself(books):
    await strike(books, 3)
    books.now += timedelta(hours=23)
    await books.accept("ben", 5)


async def test_refusals_far_apart_do_not_add_up(books):
    await strike(books, 4, apart=timedelta(hours=13))
    await books.accept("ben", 5)


async def test_a_pardon_ends_the_pause_at_once(books):
    await strike(books, 3)
    await books.quotas.pardon(Member("playground:local", "ben"), books.change())
    await books.accept("ben", 5)


async def test_other_failures_are_no_strikes(books):
    for _ in range(5):
        await books.fail(await books.accept("ben", 5), "INTERNAL.BAD_OUTPUT.01")
    await books.accept("ben", 5)
