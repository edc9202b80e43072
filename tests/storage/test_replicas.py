"""Several replicas on one database: who has which job, share and turn."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import StaleJob
from bot.jobs import State
from bot.ports import ModelLimits
from storage.replicas import SqlReplicas

LEASE = timedelta(seconds=30)
LIMITS = {"gen4_turbo": ModelLimits(concurrent=2, daily=None, made_today=0)}


@pytest.fixture
async def queue(storage, new):
    """Queued jobs, each of another member."""

    async def accept(count: int) -> list[str]:
        ids = [f"job{number}" for number in range(count)]
        for job_id in ids:
            job = new(job_id, owner=job_id)
            await storage.accept(job, [], job.created_at)
        return ids

    return accept


@pytest.fixture
def turn(storage, new):
    return lambda replica, limits=LIMITS: storage.take_turns(replica.id, limits)


async def test_a_lease_is_renewed_while_it_runs_and_never_afterwards(join, die):
    replica = await join()
    assert await replica.is_live(replica.id)
    assert await replica.renew()
    await die(replica)
    assert not await replica.is_live(replica.id)
    assert not await replica.renew()
    before = replica.id
    await replica.join()
    assert replica.id != before
    assert await replica.renew()


async def test_the_only_process_ends_every_lease_from_before(join, database):
    old = await join()
    new = SqlReplicas(database, LEASE, alone=True)
    await new.join()
    assert not await new.is_live(old.id)
    assert await new.is_live(new.id)


async def test_turns_are_given_out_once_and_within_the_limits_of_all_together(join, queue, turn):
    first, second = await join(), await join()
    await queue(5)
    taken = await asyncio.gather(*(turn(replica) for replica in (first, second) * 5))
    ids = [job.id for jobs in taken for job in jobs]
    assert sorted(ids) == ["job0", "job1"]
    assert {job.fence for jobs in taken for job in jobs} == {1}


async def test_a_job_whose_turn_is_taken_is_nobody_elses_however_much_room_there_is(
    join, queue, turn
):
    first, second = await join(), await join()
    (job_id,) = await queue(1)
    assert [job.id for job in await turn(first)] == [job_id]
    assert await turn(second) == []


async def test_a_queued_job_of_a_dead_replica_waits_for_its_turn_again(
    join, queue, turn, die, storage
):
    first, second = await join(), await join()
    await queue(3)
    assert len(await turn(first)) == 2
    assert len((await storage.lines()).waiting) == 1
    assert (await storage.lines()).busy == {"gen4_turbo": 2}
    await die(first)
    assert len((await storage.lines()).waiting) == 3
    assert (await storage.lines()).busy == {}
    assert [job.fence for job in await turn(second)] == [1, 2]


async def test_a_job_that_is_let_go_waits_for_its_turn_again(join, queue, turn, storage):
    replica = await join()
    await queue(1)
    (job,) = await turn(replica)
    await storage.release(job)
    assert [waiting.id for waiting in (await storage.lines()).waiting] == ["job0"]


async def test_letting_go_too_late_takes_nothing_from_the_next_holder(
    join, queue, turn, die, storage
):
    first, second = await join(), await join()
    await queue(1)
    (job,) = await turn(first)
    await die(first)
    await turn(second)
    await storage.release(job)
    assert (await storage.lines()).waiting == []


async def test_only_a_dead_replicas_jobs_are_taken_over_and_each_once(
    join, queue, turn, die, storage
):
    first, second, third = await join(), await join(), await join()
    await queue(2)
    for job in await turn(first):
        await storage.advance(job, State.SUBMITTING)
    assert await storage.take_over(second.id, 10) == []
    await die(first)
    taken = await asyncio.gather(*(storage.take_over(r.id, 10) for r in (second, third) * 3))
    assert sorted(job.id for jobs in taken for job in jobs) == ["job0", "job1"]


async def test_whoever_lost_a_job_changes_nothing_any_more(join, queue, turn, die, storage):
    first, second = await join(), await join()
    await queue(1)
    (job,) = await turn(first)
    job = await storage.advance(job, State.SUBMITTING)
    await storage.confirm(job, first.id)
    await die(first)
    with pytest.raises(StaleJob):
        await storage.confirm(job, first.id)
    (taken,) = await storage.take_over(second.id, 10)
    with pytest.raises(StaleJob):
        await storage.advance(job, State.RUNNING, task_id="task1")
    await storage.confirm(taken, second.id)
    assert (await storage.advance(taken, State.RUNNING, task_id="task2")).task_id == "task2"


async def test_a_fence_alone_does_not_make_a_job_ones_own(join, queue, turn, storage):
    first, second = await join(), await join()
    await queue(1)
    (job,) = await turn(first)
    with pytest.raises(StaleJob):
        await storage.confirm(job, second.id)


async def test_whoever_was_served_waits_for_the_others(join, storage, new, turn):
    replica = await join()
    for job_id, owner in (("a1", "ada"), ("a2", "ada"), ("b1", "ben")):
        job = new(job_id, owner=owner)
        await storage.accept(job, [], job.created_at)
    one = {"gen4_turbo": ModelLimits(concurrent=1, daily=None, made_today=0)}
    order = []
    for _ in range(3):
        (job,) = await turn(replica, one)
        order.append(job.id)
        job = await storage.advance(job, State.SUBMITTING)
        job = await storage.advance(job, State.RUNNING, task_id=job.id)
        await storage.advance(job, State.COLLECTING)
    assert order == ["a1", "b1", "a2"]


async def test_whoever_has_no_lease_takes_nothing(join, queue, turn, die, storage):
    first, dead = await join(), await join()
    await queue(3)
    (job, _) = await turn(first)
    await storage.advance(job, State.SUBMITTING)
    await die(first)
    await die(dead)
    assert await turn(dead) == []
    assert await storage.take_over(dead.id, 10) == []


async def test_what_is_let_go_with_a_reason_is_not_changed_too_late(
    join, queue, turn, die, storage, new
):
    first, second = await join(), await join()
    await queue(1)
    (job,) = await turn(first)
    await die(first)
    (taken,) = await turn(second)
    await storage.release(job, attempts=7)
    assert await storage.job(job.id) == taken
    await storage.release(taken, attempts=1, due_at=new().created_at)
    (waiting,) = (await storage.lines()).waiting
    assert waiting.due_at == new().created_at
    assert (await storage.job(job.id)).attempts == 1


async def test_what_has_left_the_queue_is_not_let_go(join, queue, turn, storage):
    replica = await join()
    await queue(1)
    (job,) = await turn(replica)
    sent = await storage.advance(job, State.SUBMITTING)
    await storage.release(job)
    assert await storage.job(job.id) == sent


async def test_a_replica_can_ask_which_jobs_are_its_own(join, queue, turn, storage):
    first, second = await join(), await join()
    await queue(3)
    mine = {job.id for job in await turn(first)}
    assert set(await storage.held(first.id)) == mine
    assert await storage.held(second.id) == []


async def test_the_moment_of_a_takeover_is_in_the_row(join, queue, turn, rows):
    replica = await join()
    await queue(2)
    (job, _) = await turn(replica, {"gen4_turbo": ModelLimits(2, daily=None, made_today=0)})
    ((taken_at, until),) = rows(
        "SELECT taken_at, lease_until FROM jobs JOIN replicas ON replicas.id = holder "
        "WHERE jobs.id = ?", job.id,
    )  # fmt: skip
    lease = LEASE // timedelta(microseconds=1)
    assert until - lease <= taken_at < until


async def test_a_step_from_before_the_job_came_back_is_not_confirmed(join, queue, turn, storage):
    """The same replica has it again: only the fence tells the old step from the new one."""
    replica = await join()
    await queue(1)
    (job,) = await turn(replica)
    old = await storage.advance(job, State.SUBMITTING)
    await storage.advance(old, State.QUEUED, holder=None)
    (again,) = await turn(replica)
    new = await storage.advance(again, State.SUBMITTING)
    await storage.confirm(new, replica.id)
    with pytest.raises(StaleJob):
        await storage.confirm(old, replica.id)


async def test_a_job_that_has_moved_on_is_not_confirmed_as_it_was(join, queue, turn, storage):
    replica = await join()
    await queue(1)
    (job,) = await turn(replica)
    intended = await storage.advance(job, State.SUBMITTING)
    await storage.advance(intended, State.RUNNING, task_id="task1")
    with pytest.raises(StaleJob):
        await storage.confirm(intended, replica.id)


async def test_a_job_waits_by_the_clock_of_the_database(join, queue, turn, storage):
    """A replica whose own clock is wrong makes nobody wait longer, or shorter."""
    replica = await join()
    await queue(1)
    (taken,) = await turn(replica)
    await storage.release(taken, due_at=timedelta(minutes=5))
    (waiting,) = (await storage.lines()).waiting
    wait = waiting.due_at - (await storage.lines()).now
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)
    assert await turn(replica) == []
    await storage.note(taken.id, due_at=timedelta())
    assert [job.id for job in await turn(replica)] == [taken.id]
