"""Whose allowance holds, the workspace's budget, and how periods roll over."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.credits import Allowance, Outcome, Period
from bot.errors import NotEnoughCredits
from bot.jobs import State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE = "playground:local"
NEXT_MONTH = NOW + timedelta(days=10)


@pytest.fixture
def limit(storage, member):
    """Set an allowance in this workspace, as its admin."""

    def put(scope: str, credits: int | None, period: Period = Period.MONTH, now: datetime = NOW):
        allowance = Allowance(credits, period)
        return storage.set_allowance(HERE, scope, allowance, member("admin"), now)

    return put


@pytest.fixture
def use(storage, new):
    """A job that was made and charged."""

    async def run(id: str, price: int, owner: str = "ada", now: datetime = NOW):
        job = await storage.accept(new(id, price, owner, now=now), [], now)
        for state in (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING):
            job = await storage.advance(job, state)
        return await storage.finish(job, State.DELIVERED, Outcome.DELIVERED, now, told=True)

    return run


@pytest.fixture
def left(storage, member):
    async def ask(owner: str = "ada", now: datetime = NOW) -> int | None:
        return (await storage.balance(member(owner), now)).left

    return ask


async def test_a_members_own_allowance_goes_before_the_default_before_the_configured(
    storage, limit, left
):
    assert await left() == 500
    await limit("default", 200)
    assert (await left(), await left("ben")) == (200, 200)
    await limit("member:ada", 900)
    assert (await left(), await left("ben")) == (900, 200)
    assert await storage.allowance(HERE, "member:ada") == Allowance(900)
    assert await storage.allowance(HERE, "member:ben") is None


async def test_an_allowance_of_one_workspace_says_nothing_about_another(storage, limit, member):
    await limit("default", 200)
    other = await storage.balance(member("ada", "playground:other"), NOW)
    assert other.left == 500


async def test_an_allowance_can_be_set_again_and_to_unlimited(storage, limit, left):
    await limit("member:ada", 5)
    await limit("member:ada", None)
    assert await left() is None
    await limit("member:ada", 7, Period.DAY)
    assert await storage.allowance(HERE, "member:ada") == Allowance(7, Period.DAY)


async def test_an_allowance_below_what_was_used_leaves_nothing_and_takes_nothing_back(
    limit, use, left, storage, new, member
):
    await use("job1", 100)
    await limit("member:ada", 40)
    assert await left() == 0
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job2", 1), [], NOW)
    assert refused.value.left == 0
    assert (await storage.balance(member(), NOW)).captured == 100


async def test_lowering_below_what_is_held_does_not_stop_what_was_accepted(storage, limit, new):
    job = await storage.accept(new("job1", 100), [], NOW)
    await limit("member:ada", 40)
    over = await storage.finish(job, State.CANCELLED, Outcome.NEVER_SENT, NOW)
    assert over.state is State.CANCELLED


async def test_a_new_period_begins_with_everything(use, left, storage, new):
    await use("job1", 480)
    with pytest.raises(NotEnoughCredits):
        await storage.accept(new("job2"), [], NOW)
    assert await left(now=NEXT_MONTH) == 500
    await storage.accept(new("job2", now=NEXT_MONTH), [], NEXT_MONTH)


async def test_a_hold_is_settled_in_the_period_that_held_it(storage, new, left, booked):
    job = await storage.accept(new("job1", 100), [], NOW)
    for state in (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING):
        job = await storage.advance(job, state)
    await storage.finish(job, State.DELIVERED, Outcome.DELIVERED, NEXT_MONTH)
    assert await left() == 400
    assert await left(now=NEXT_MONTH) == 500
    assert set(booked()) == {f"{HERE}|member|ada|month|2026-11-01"}


@pytest.mark.parametrize(
    ("period", "zone", "before", "after"),
    [
        (Period.DAY, "UTC", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"),
        (Period.WEEK, "UTC", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"),
        (Period.MONTH, "UTC", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
        (Period.DAY, "Europe/Berlin", "2026-11-22T22:59:59Z", "2026-11-22T23:00:00Z"),
        (Period.MONTH, "America/New_York", "2026-12-01T04:59:59Z", "2026-12-01T05:00:00Z"),
        (Period.DAY, "Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-23T22:00:00Z"),
    ],
)
async def test_a_period_ends_at_midnight_of_the_configured_zone(
    storing, new, member, period, zone, before, after
):
    storage = storing(credits=25, period=period, zone=zone)
    just_before, just_after = datetime.fromisoformat(before), datetime.fromisoformat(after)
    await storage.accept(new("job1", now=just_before), [], just_before)
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job2", now=just_before), [], just_before)
    assert refused.value.resets_at == just_after
    await storage.accept(new("job2", now=just_after), [], just_after)


async def test_a_budget_holds_for_all_members_together(storage, limit, new, member):
    await limit("workspace", 60)
    await storage.accept(new("job1", 25, "ada"), [], NOW)
    await storage.accept(new("job2", 25, "ben"), [], NOW)
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job3", 25, "chloe"), [], NOW)
    assert (refused.value.team, refused.value.left, refused.value.price) == (True, 10, 25)
    assert refused.value.resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    balance = await storage.balance(member("chloe"), NOW)
    assert (balance.held, balance.left) == (0, 500)


async def test_a_members_own_limit_is_told_as_ones_own(storage, limit, new):
    await limit("workspace", 1000)
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job1", 501), [], NOW)
    assert refused.value.team is False


async def test_a_budget_counts_what_its_period_has_seen_before_it_was_set(
    storage, limit, use, new, booked
):
    await use("old", 300, now=datetime(2026, 10, 30, tzinfo=UTC))
    await use("job1", 40)
    await storage.accept(new("job2", 25, "ben"), [], NOW)
    await limit("workspace", 100)
    assert booked()[f"{HERE}|budget|month|2026-11-01"] == (25, 40)
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job3", 36, "chloe"), [], NOW)
    assert (refused.value.team, refused.value.left) == (True, 35)
    await storage.accept(new("job4", 35, "chloe"), [], NOW)


async def test_what_was_held_when_a_budget_was_set_is_settled_in_it(storage, limit, new, booked):
    job = await storage.accept(new("job1", 25), [], NOW)
    await limit("workspace", 100)
    await storage.finish(job, State.CANCELLED, Outcome.NEVER_SENT, NOW)
    assert booked()[f"{HERE}|budget|month|2026-11-01"] == (0, 0)


async def test_what_the_workspace_pays_counts_against_its_budget(storage, limit, new, booked):
    await limit("workspace", 100)
    job = await storage.accept(new("job1", 25), [], NOW)
    job = await storage.advance(job, State.SUBMITTING)
    await storage.finish(job, State.UNCERTAIN, Outcome.UNCERTAIN, NOW)
    books = booked()
    assert books[f"{HERE}|budget|month|2026-11-01"] == (0, 25)
    assert books[f"{HERE}|unreconciled"] == (0, 25)
    assert books[f"{HERE}|member|ada|month|2026-11-01"] == (0, 0)


async def test_a_budget_set_twice_is_not_counted_twice(limit, use, booked):
    await use("job1", 40)
    await limit("workspace", 100)
    await limit("workspace", 200)
    assert booked()[f"{HERE}|budget|month|2026-11-01"] == (0, 40)


async def test_a_budget_whose_period_changes_back_and_forth_forgets_nothing(
    limit, use, storage, new
):
    await limit("workspace", 100, Period.MONTH)
    await use("job1", 50)
    await limit("workspace", 100, Period.WEEK)
    await use("job2", 50)
    await limit("workspace", 100, Period.MONTH)
    with pytest.raises(NotEnoughCredits):
        await storage.accept(new("job3", 1), [], NOW)


async def test_a_budget_begins_anew_with_its_period(limit, use, storage, new):
    await limit("workspace", 50)
    await use("job1", 50)
    with pytest.raises(NotEnoughCredits):
        await storage.accept(new("job2", 1, "ben"), [], NOW)
    await storage.accept(new("job2", 50, "ben", now=NEXT_MONTH), [], NEXT_MONTH)


async def test_an_unlimited_budget_refuses_nobody_and_goes_on_counting(
    limit, use, storage, new, booked
):
    await limit("workspace", None)
    await use("job1", 400)
    assert booked()[f"{HERE}|budget|month|2026-11-01"] == (0, 400)
    await limit("workspace", 400)
    with pytest.raises(NotEnoughCredits):
        await storage.accept(new("job2", 1, "ben"), [], NOW)


async def test_a_budget_is_not_a_members_movement(limit, use, storage, member):
    await limit("workspace", 100)
    await use("job1", 25)
    told = await storage.movements(member(), 10)
    assert [(m.kind, m.amount) for m in told] == [("capture", 25), ("hold", 25)]
