"""Commands of many members are accepted together, and each of them as if it were alone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.credits import Allowance
from bot.errors import NotEnoughCredits
from bot.jobs import Job
from bot.ports import Once
from storage.engines.gathering import Gathering

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE = "playground:local"


async def test_one_that_is_at_fault_fails_alone(storage, new, booked):
    await storage.accept(new("job0"), [], NOW)
    asked = [new("job0", owner="zoe"), *(new(f"job{n}", owner=f"member{n}") for n in range(1, 30))]
    tried = await asyncio.gather(
        *(storage.accept(job, [Once(f"event{n}")], NOW) for n, job in enumerate(asked)),
        return_exceptions=True,
    )
    assert [job.id for job in tried if isinstance(job, Job)] == [job.id for job in asked[1:]]
    assert "unique" in str(tried[0]).lower()
    assert sorted(booked().values()) == [(25, 0)] * 30


async def test_what_costs_nothing_is_accepted_as_well(storage, new, booked):
    assert (await storage.accept(new("job0", price=0), [], NOW)).id == "job0"
    assert list(booked().values()) == [(0, 0)]


async def test_a_budget_holds_against_many_members_of_two_replicas(storing, new, member, booked):
    one, other = storing(), storing()
    await one.set_allowance(HERE, "workspace", Allowance(99), member(), NOW)
    tried = await asyncio.gather(
        *(
            (one, other)[n % 2].accept(new(f"job{n}", owner=f"member{n}"), [Once(f"e{n}")], NOW)
            for n in range(100)
        ),
        return_exceptions=True,
    )
    refused = [each for each in tried if isinstance(each, NotEnoughCredits)]
    assert (len(refused), sum(isinstance(each, Job) for each in tried)) == (97, 3)
    assert {(error.left, error.team) for error in refused} <= {(n, True) for n in (99, 74, 49, 24)}
    assert [held for bucket, (held, _) in booked().items() if "|budget|" in bucket] == [75]


async def test_a_key_of_two_replicas_makes_one_job(storing, new, rows):
    replicas = [storing() for _ in range(10)]
    accepted = await asyncio.gather(
        *(
            replica.accept(new(f"job{n}", owner=f"member{n}"), [Once("event")], NOW)
            for n, replica in enumerate(replicas)
        )
    )
    assert len({job.id for job in accepted}) == 1
    assert rows("SELECT count(*) FROM jobs") == [(1,)]


async def test_a_key_that_is_free_again_is_taken_by_one_of_two_replicas(storing, new, rows):
    """Its window is over: all of them see that, and one makes the next job."""
    click, later = Once("click", timedelta(seconds=3)), NOW + timedelta(minutes=1)
    replicas = [storing() for _ in range(10)]
    await replicas[0].accept(new("job"), [click], NOW)
    accepted = await asyncio.gather(
        *(
            replica.accept(new(f"job{n}", owner=f"member{n}"), [click], later)
            for n, replica in enumerate(replicas)
        )
    )
    assert len({job.id for job in accepted}) == 1
    assert rows("SELECT count(*) FROM jobs") == [(2,)]


async def test_a_members_second_command_counts_the_first(storing, new):
    """They do not share a transaction, though others' commands stand between them."""
    storage = storing(credits=30)
    jobs = [new("job1", owner="ada"), new("job2", owner="ben"), new("job3", owner="ada")]
    tried = await asyncio.gather(
        *(storage.accept(job, [], NOW) for job in jobs), return_exceptions=True
    )
    assert [type(each) for each in tried] == [Job, Job, NotEnoughCredits]


@pytest.fixture
def gathering():
    """Doubles numbers; `go` lets the first transaction end, `batches` is what came together."""

    class Doubling:
        def __init__(self) -> None:
            self.batches: list[list[int]] = []
            self.begun, self.go = asyncio.Event(), asyncio.Event()
            self.many = Gathering(self._double, lambda n: frozenset([n % 10]))

        async def _double(self, numbers):
            self.batches.append(list(numbers))
            self.begun.set()
            await self.go.wait()
            if 13 in numbers:
                raise ValueError("13")
            return [2 * n for n in numbers]

        async def ask(self, *numbers):
            """Tasks, the first of which is under way alone."""
            tasks = []
            for n in numbers:
                tasks.append(asyncio.create_task(self.many.ask(n)))
                await self.begun.wait()
            await asyncio.sleep(0)
            return tasks

    return Doubling()


async def test_who_comes_meanwhile_goes_together_but_for_those_who_share_a_mark(gathering):
    tasks = await gathering.ask(1, 2, 3, 12, 4, 22)
    gathering.go.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 24, 8, 44]
    assert gathering.batches == [[1], [2, 3, 4], [12], [22]]


async def test_a_failure_is_only_of_the_one_that_fails_alone(gathering):
    tasks = await gathering.ask(1, 2, 13, 4)
    gathering.go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answers[0], answers[1], str(answers[2]), answers[3]] == [2, 4, "13", 8]
    assert gathering.batches == [[1], [2, 13, 4], [2], [13], [4]]


async def test_who_does_not_wait_any_more_is_left_out(gathering):
    tasks = await gathering.ask(1, 2, 3)
    tasks[1].cancel()
    await asyncio.sleep(0)
    gathering.go.set()
    assert await tasks[2] == 6
    assert gathering.batches == [[1], [3]]


async def test_a_cancelled_caller_takes_nobody_with_it(gathering):
    tasks = await gathering.ask(1, 2)
    tasks[0].cancel()
    gathering.go.set()
    assert await tasks[1] == 4
    assert tasks[0].cancelled()
