"""A job and its hold are accepted together, once, and never beyond what there is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.credits import Outcome
from bot.errors import NotEnoughCredits, TooManyJobs
from bot.jobs import Cause, State
from bot.ports import Once

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TABLES = ("jobs", "holds", "hold_legs", "ledger", "once", "buckets")


@pytest.fixture
def counts(rows):
    return lambda: {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608


async def test_a_job_is_accepted_with_its_hold(storage, new, member, counts):
    job = await storage.accept(new(), [Once("event1")], NOW)
    assert (job.id, job.state, job.seq) == ("job1", State.QUEUED, 1)
    assert await storage.job("job1") == job
    balance = await storage.balance(member(), NOW)
    assert (balance.held, balance.captured, balance.left) == (25, 0, 475)
    assert await storage.holds(member()) == [("job1", 25)]
    assert counts() == dict.fromkeys(TABLES, 1)


async def test_everything_about_a_job_survives_its_row(storage, new):
    job = new().__class__(**{**vars(new()), "cause": Cause.RETRY, "parent": "job0"})
    kept = await storage.accept(job, [], NOW)
    assert kept.__class__(**{**vars(kept), "seq": 0}) == job


async def test_too_few_credits_leave_nothing_behind(storing, new, member, counts):
    storage = storing(credits=40)
    await storage.accept(new("job1"), [Once("event1")], NOW)
    before = counts()
    with pytest.raises(NotEnoughCredits) as refused:
        await storage.accept(new("job2"), [Once("event2")], NOW)
    error = refused.value
    assert (error.price, error.left, error.team) == (25, 15, False)
    assert error.resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert counts() == before
    assert await storage.job("job2") is None


async def test_the_last_credit_can_be_spent(storing, new, member):
    storage = storing(credits=50)
    await storage.accept(new("job1"), [], NOW)
    await storage.accept(new("job2"), [], NOW)
    assert (await storage.balance(member(), NOW)).left == 0


async def test_unlimited_is_without_limit(storing, new, member):
    storage = storing(credits=None, jobs=10)
    for n in range(5):
        await storage.accept(new(f"job{n}", price=1_000_000), [], NOW)
    balance = await storage.balance(member(), NOW)
    assert (balance.left, balance.held) == (None, 5_000_000)


async def test_a_refusal_by_credits_can_be_asked_again_with_the_same_event(storing, new, member):
    storage = storing(credits=30)
    first = await storage.accept(new("job1"), [], NOW)
    for _ in range(2):
        with pytest.raises(NotEnoughCredits):
            await storage.accept(new("job2"), [Once("event2")], NOW)
    await storage.finish(first, State.CANCELLED, Outcome.NEVER_SENT, NOW)
    assert (await storage.accept(new("job3"), [Once("event2")], NOW)).id == "job3"


async def test_jobs_in_flight_are_limited_per_member(storage, new, counts):
    for n in range(3):
        await storage.accept(new(f"job{n}", price=1), [], NOW)
    before = counts()
    with pytest.raises(TooManyJobs) as refused:
        await storage.accept(new("job3", price=1), [Once("event3")], NOW)
    assert refused.value.limit == 3
    assert counts() == before
    await storage.accept(new("job4", price=1, owner="ben"), [], NOW)
    await storage.accept(new("job5", price=1, workspace="playground:other"), [], NOW)


async def test_a_job_that_is_over_makes_room(storage, new):
    jobs = [await storage.accept(new(f"job{n}", price=1), [], NOW) for n in range(3)]
    await storage.finish(jobs[0], State.CANCELLED, Outcome.NEVER_SENT, NOW)
    await storage.accept(new("job3", price=1), [], NOW)


async def test_an_event_makes_one_job_for_ever(storage, new, counts):
    first = await storage.accept(new("job1"), [Once("event1")], NOW)
    before = counts()
    for later in (timedelta(), timedelta(seconds=10), timedelta(days=400)):
        again = await storage.accept(new("job2"), [Once("event1")], NOW + later)
        assert again.id == first.id
    assert counts() == before


async def test_an_event_answers_with_the_job_as_it_is_now(storage, new):
    first = await storage.accept(new("job1"), [Once("event1")], NOW)
    await storage.finish(first, State.CANCELLED, Outcome.NEVER_SENT, NOW)
    assert (await storage.accept(new("job2"), [Once("event1")], NOW)).state is State.CANCELLED


async def test_a_click_makes_one_job_in_its_window(storage, new):
    def click(n: int, seconds: float):
        once = Once("ada|retry|job0", timedelta(seconds=3))
        return storage.accept(new(f"job{n}"), [once], NOW + timedelta(seconds=seconds))

    assert (await click(1, 0)).id == "job1"
    assert (await click(2, 1)).id == "job1"
    assert (await click(3, 3)).id == "job1"
    assert (await click(4, 3.000001)).id == "job4"
    # The window runs from the click that made the job.
    assert (await click(5, 6)).id == "job4"
    assert (await click(6, 7)).id == "job6"


async def test_a_second_event_within_the_window_is_the_same_job_for_ever(storage, new, counts):
    """A button and a reaction together, and then the reaction's event is delivered once more."""
    window = Once("ada|retry|job0", timedelta(seconds=3))
    await storage.accept(new("job1"), [Once("event1"), window], NOW)
    assert (await storage.accept(new("job2"), [Once("event2"), window], NOW)).id == "job1"
    later = NOW + timedelta(seconds=60)
    assert (await storage.accept(new("job3"), [Once("event2"), window], later)).id == "job1"
    assert counts()["jobs"] == 1


async def test_a_redelivered_event_does_not_open_a_new_window(storage, new):
    window = Once("ada|retry|job0", timedelta(seconds=3))
    await storage.accept(new("job1"), [Once("event1"), window], NOW)
    later = NOW + timedelta(seconds=60)
    await storage.accept(new("job2"), [Once("event1"), window], later)
    assert (await storage.accept(new("job3"), [Once("event3"), window], later)).id == "job3"


async def test_the_same_id_twice_is_a_fault_and_changes_nothing(storage, new, counts):
    await storage.accept(new(), [], NOW)
    before = counts()
    with pytest.raises(Exception, match=r"(?i)unique"):
        await storage.accept(new(), [Once("event1")], NOW)
    assert counts() == before


async def test_two_hundred_at_once_with_credits_for_three_are_exactly_three(
    storing, new, member, counts, booked
):
    storage = storing(credits=3 * 25 + 24, jobs=1000)
    tried = await asyncio.gather(
        *(storage.accept(new(f"job{n}"), [Once(f"event{n}")], NOW) for n in range(200)),
        return_exceptions=True,
    )
    refused = [each for each in tried if isinstance(each, NotEnoughCredits)]
    assert len(refused) == 197
    assert {(error.left, error.price) for error in refused} <= {(24, 25)}
    assert counts()["jobs"] == counts()["holds"] == counts()["once"] == 3
    assert (await storage.balance(member(), NOW)).left == 24
    assert list(booked().values()) == [(75, 0)]


async def test_two_hundred_deliveries_of_one_event_at_once_are_one_job(storage, new, counts):
    accepted = await asyncio.gather(
        *(storage.accept(new(f"job{n}"), [Once("event1")], NOW) for n in range(200))
    )
    assert len({job.id for job in accepted}) == 1
    assert counts() == dict.fromkeys(TABLES, 1)


async def test_the_limit_of_jobs_holds_against_many_at_once(storage, new, counts):
    tried = await asyncio.gather(
        *(storage.accept(new(f"job{n}", price=1), [], NOW) for n in range(50)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, TooManyJobs) for each in tried) == 47
    assert counts()["jobs"] == 3


async def test_a_clock_that_jumps_back_does_not_keep_a_click_taken(storage, new):
    """Nor does it make two of one: only what lies further ahead than a window is of another time."""
    click = Once("ada|retry|job0", timedelta(seconds=3))
    await storage.accept(new("job1"), [click], NOW)
    assert (await storage.accept(new("job2"), [click], NOW - timedelta(seconds=2))).id == "job1"
    assert (await storage.accept(new("job3"), [click], NOW - timedelta(minutes=10))).id == "job3"


async def test_a_key_without_a_window_is_taken_once(storage):
    assert await storage.first_time(Once("event"), NOW)
    assert not await storage.first_time(Once("event"), NOW + timedelta(days=9))


async def test_a_clock_that_jumps_back_does_not_keep_a_key_taken(storage):
    key = Once("discord|identify|0", timedelta(seconds=5))
    assert await storage.first_time(key, NOW)
    assert not await storage.first_time(key, NOW - timedelta(seconds=4))
    assert await storage.first_time(key, NOW - timedelta(minutes=10))
