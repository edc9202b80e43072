"""Credits given once: used after the allowance, the soonest to expire first."""

from datetime import timedelta

import pytest

from bot.errors import NotEnoughCredits


async def test_the_allowance_is_used_first_then_the_grant_that_expires_soonest(books):
    await books.grant("ben", 50)
    await books.grant("ben", 30, days=5)
    await books.accept("ben", 110)
    balance = await books.balance("ben")
    assert [(grant.credits, grant.left) for grant in balance.grants] == [(30, 20), (50, 50)]
    assert balance.held == 100
    assert balance.left == 70
    await books.check()


async def test_what_is_not_captured_goes_back_where_it_came_from(books):
    await books.grant("ben", 50)
    await books.deliver(await books.accept("ben", 120), cost=105)
    balance = await books.balance("ben")
    assert (balance.captured, balance.held) == (100, 0)
    assert [grant.left for grant in balance.grants] == [45]
    await books.check()


async def test_a_grant_is_gone_when_it_expires_and_a_late_settlement_still_reaches_it(books):
    await books.grant("ben", 50, days=2)
    job = await books.accept("ben", 130)
    books.now += timedelta(days=3)
    assert (await books.balance("ben")).left == 0
    await books.deliver(job, cost=90)
    balance = await books.balance("ben")
    assert (balance.left, balance.grants) == (10, ())
    await books.check()


async def test_allowance_and_grants_together_are_the_limit(books):
    await books.grant("ben", 10)
    with pytest.raises(NotEnoughCredits) as caught:
        await books.accept("ben", 111)
    assert caught.value.left == 110
    await books.accept("ben", 110)
    await books.check()
