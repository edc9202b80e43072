"""Whose allowance applies, and what it holds back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.credits import BLOCKED, Allowance, Period
from bot.errors import Blocked, NotEnoughCredits, Refused, TooManyJobs


async def test_the_members_own_rule_comes_before_roles_default_and_configuration(books):
    await books.rule("default", Allowance(40))
    await books.rule("role:design", Allowance(300))
    assert (await books.balance("ben")).scope == "default"
    assert (await books.balance("ben", ("design",))).scope == "role:design"
    await books.rule("member:ben", Allowance(10))
    balance = await books.balance("ben", ("design",))
    assert (balance.scope, balance.left) == ("member:ben", 10)


async def test_of_several_roles_the_highest_applies_compared_by_the_day(books):
    await books.rule("role:month", Allowance(300, Period.MONTH))
    await books.rule("role:day", Allowance(50, Period.DAY))
    assert (await books.balance("ben", ("month", "day"))).scope == "role:day"
    await books.rule("role:free", Allowance(None))
    assert (await books.balance("ben", ("month", "day", "free"))).left is None


async def test_a_role_that_a_member_no_longer_has_gives_nothing(books):
    await books.rule("role:gone", Allowance(None))
    assert (await books.balance("ben", ())).scope == "configured"


async def test_a_blocked_member_gets_nothing_even_with_a_grant(books):
    await books.rule("member:ben", BLOCKED)
    await books.grant("ben", 50)
    with pytest.raises(Blocked):
        await books.accept("ben", 1)
    assert (await books.balance("ben")).left == 0
    assert await books.storage.unfinished() == []


async def test_an_unlimited_member_is_still_held_back_by_the_budget(books):
    await books.rule("member:ben", Allowance(None))
    await books.rule("workspace", Allowance(20))
    await books.accept("ben", 15)
    with pytest.raises(NotEnoughCredits) as caught:
        await books.accept("ben", 15)
    assert (caught.value.team, caught.value.left) == (True, 5)
    await books.check()


async def test_a_channels_cap_counts_only_its_own_channel(books):
    await books.rule("channel:ads", Allowance(10))
    await books.accept("ben", 10, channel="ads")
    await books.accept("ben", 10, channel="games")
    with pytest.raises(NotEnoughCredits) as caught:
        await books.accept("ada", 1, channel="ads")
    assert caught.value.channel


async def test_a_budget_that_is_set_in_mid_period_counts_what_was_spent_and_held(books):
    await books.deliver(await books.accept("ben", 30))
    running = await books.accept("ada", 20)
    await books.rule("workspace", Allowance(55))
    budget = await books.quotas.budget(running.owner.workspace, "workspace", books.now)
    assert (budget.captured, budget.held, budget.left) == (30, 20, 5)
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 6)
    await books.deliver(running)
    budget = await books.quotas.budget(running.owner.workspace, "workspace", books.now)
    assert (budget.captured, budget.held) == (50, 0)
    await books.check()


@pytest.mark.parametrize("scope", ["workspace", "channel:dailies"])
async def test_a_cap_goes_on_counting_when_the_workspaces_time_zone_changes(books, scope):
    await books.rule(scope, Allowance(100, Period.DAY))
    await books.deliver(await books.accept("ben", 60))
    running = await books.accept("ada", 30)
    # There it is the same day as half an hour before, and another one than in UTC.
    books.now += timedelta(minutes=30)
    zone = {"time_zone": "Pacific/Auckland"}
    await books.quotas.change_settings("playground:local", zone, books.change())
    cap = await books.quotas.budget("playground:local", scope, books.now)
    assert (cap.captured, cap.held, cap.left) == (60, 30, 10)
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 11)
    await books.deliver(running)
    cap = await books.quotas.budget("playground:local", scope, books.now)
    assert (cap.captured, cap.held) == (90, 0)
    await books.check()


async def test_an_allowance_is_not_spent_again_by_the_same_date_in_another_time_zone(books):
    await books.rule("default", Allowance(100, Period.DAY))
    books.now = datetime(2026, 3, 9, 20, tzinfo=UTC)
    await books.deliver(await books.accept("ben", 70))
    running = await books.accept("ben", 20)
    books.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    await books.deliver(await books.accept("ben", 5))
    # In Tokyo all of it was on the 10th.
    zone = {"time_zone": "Asia/Tokyo"}
    await books.quotas.change_settings("playground:local", zone, books.change())
    balance = await books.balance("ben")
    assert (balance.captured, balance.held, balance.left) == (75, 20, 5)
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 6)
    last = await books.accept("ben", 5)
    await books.deliver(running)
    await books.deliver(last)
    balance = await books.balance("ben")
    assert (balance.captured, balance.held, balance.left) == (100, 0, 0)
    await books.check()


async def test_what_the_other_time_zone_spent_before_the_day_began_is_given_back(books):
    zone = {"time_zone": "Asia/Tokyo"}
    await books.quotas.change_settings("playground:local", zone, books.change())
    await books.rule("default", Allowance(100, Period.DAY))
    books.now = datetime(2026, 3, 9, 20, tzinfo=UTC)
    await books.deliver(await books.accept("ben", 70))
    books.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    back = {"time_zone": None}
    await books.quotas.change_settings("playground:local", back, books.change())
    assert (await books.balance("ben")).left == 100
    await books.accept("ben", 100)
    await books.check()


async def test_jobs_in_flight_are_limited_for_each_member(open_books):
    books = await open_books(jobs_in_flight=2)
    first = await books.accept("ben", 1)
    await books.accept("ben", 1)
    with pytest.raises(TooManyJobs):
        await books.accept("ben", 1)
    await books.accept("ada", 1)
    await books.deliver(first)
    await books.accept("ben", 1)


async def test_two_hundred_commands_at_once_with_credits_for_three_make_three_jobs(books):
    await books.rule("member:ben", Allowance(26))
    answers = await asyncio.gather(
        *(books.accept("ben", 8) for _ in range(200)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 197
    assert all(isinstance(answer, NotEnoughCredits) for answer in refused)
    assert len(await books.storage.unfinished()) == 3
    assert (await books.balance("ben")).held == 24
    await books.check()


async def test_a_day_is_a_day_on_the_wall_also_when_clocks_change(books):
    zone = {"time_zone": "Europe/Berlin"}
    await books.quotas.change_settings("playground:local", zone, books.change())
    await books.rule("member:ben", Allowance(10, Period.DAY))
    # The clocks go forward in the night to 29 March: that day has 23 hours.
    books.now = datetime(2026, 3, 28, 22, 59, tzinfo=UTC)
    await books.accept("ben", 10)
    books.now += timedelta(minutes=1)
    await books.accept("ben", 10)
    assert (await books.balance("ben")).resets_at == datetime(2026, 3, 29, 22, tzinfo=UTC)
    books.now = datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert (await books.balance("ben")).left == 10


async def test_a_job_over_the_end_of_a_month_is_charged_to_the_month_that_held_it(books):
    books.now = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    job = await books.accept("ben", 60)
    books.now += timedelta(minutes=2)
    assert (await books.balance("ben")).left == 100
    await books.deliver(job)
    april = await books.balance("ben")
    assert (april.captured, april.left) == (0, 100)
    await books.check()
