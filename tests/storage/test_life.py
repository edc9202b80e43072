"""Rows along a job's life: guarded steps, one settlement, and the questions that the core asks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound

from bot.credits import Outcome, Settlement
from bot.errors import StaleJob
from bot.jobs import AT_RUNWAY, State
from bot.ports import Timing, Waiting
from bot.requests import Kind, Media
from storage.ledger import move, settle_hold

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATH = (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING)


@pytest.fixture
def accept(storage, new):
    return lambda id="job1", **more: storage.accept(new(id, **more), [], NOW)


@pytest.fixture
def bring(storage, accept):
    """A job in this state, by the steps that lead there."""

    async def to(state: State, id: str = "job1", **more):
        job = await accept(id, **more)
        for step in PATH[: PATH.index(state) + 1] if state in PATH else ():
            job = await storage.advance(job, step)
        return job

    return to


async def test_a_step_is_written_with_what_is_known_by_then(storage, accept):
    job = await accept()
    later = NOW + timedelta(seconds=1.5)
    job = await storage.advance(job, State.SUBMITTING, submitted_at=later, attempts=1)
    job = await storage.advance(job, State.RUNNING, task_id="task1")
    assert await storage.job("job1") == job
    assert (job.state, job.task_id, job.submitted_at, job.attempts) == (
        State.RUNNING, "task1", later, 1,
    )  # fmt: skip


async def test_a_step_from_a_state_that_has_passed_is_stale(storage, accept):
    read_before = await accept()
    now_it_is = await storage.advance(read_before, State.SUBMITTING, attempts=1)
    for to in (State.SUBMITTING, State.CANCELLED):
        with pytest.raises(StaleJob):
            await storage.advance(read_before, to, attempts=9)
    assert await storage.job("job1") == now_it_is


async def test_a_step_that_the_life_does_not_have_is_stale(storage, accept):
    job = await accept()
    with pytest.raises(StaleJob):
        await storage.advance(job, State.DELIVERED)
    assert (await storage.job("job1")).state is State.QUEUED


async def test_of_many_that_want_to_take_the_same_step_one_does(storage, accept):
    job = await accept()
    tried = await asyncio.gather(
        *(storage.advance(job, State.SUBMITTING, attempts=n) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, StaleJob) for each in tried) == 19


async def test_outputs_and_flags_come_back_as_they_were(storage, bring):
    media = Media("outputs/job1/0.mp4", Kind.VIDEO, "video/mp4", 9, "ab", "fox.mp4", 2, 3, 5.0, 120)
    image = Media("outputs/job1/1.png", Kind.IMAGE, "image/png", 9, "cd", "fox.png", 2, 3)
    job = await bring(State.COLLECTING)
    job = await storage.advance(job, State.DELIVERING, outputs=(media, image))
    assert job.outputs == (media, image)
    noted = await storage.note("job1", cancel_requested=True, card="msg1", due_at=None)
    assert (noted.cancel_requested, noted.card, noted.told) == (True, "msg1", False)
    assert noted.state is State.DELIVERING


async def test_a_note_on_a_job_that_is_not_there_is_stale(storage):
    with pytest.raises(StaleJob):
        await storage.note("nowhere", told=True)


async def test_the_first_card_of_a_job_stays_its_card(storage, accept):
    job = await accept()
    for card in ("card1", "card2"):
        assert (await storage.note_card(job.id, card)).card == "card1"


async def test_a_task_belongs_to_one_job(storage, accept):
    for id in ("job1", "job2"):
        job = await storage.advance(await accept(id), State.SUBMITTING)
        if id == "job1":
            await storage.advance(job, State.RUNNING, task_id="task1")
        else:
            with pytest.raises(Exception, match=r"(?i)unique"):
                await storage.advance(job, State.RUNNING, task_id="task1")


ENDS = [
    # state before, end, outcome, Runway's cost, charged, the workspace's own account
    (State.DELIVERING, State.DELIVERED, Outcome.DELIVERED, 20, 20, {}),
    (State.DELIVERING, State.DELIVERED, Outcome.DELIVERED, 30, 25, {"workspace": 5}),
    (State.DELIVERING, State.UNDELIVERABLE, Outcome.UNDELIVERABLE, 20, 0, {"workspace": 20}),
    (State.RUNNING, State.FAILED, Outcome.INPUT_REFUSED, 25, 25, {}),
    (State.RUNNING, State.FAILED, Outcome.FAILED, 10, 0, {"workspace": 10}),
    (State.RUNNING, State.FAILED, Outcome.FAILED, None, 0, {}),
    (State.RUNNING, State.CANCELLED, Outcome.CANCELLED_RUNNING, None, 25, {}),
    (State.RUNNING, State.CANCELLED, Outcome.CANCELLED_WAITING, None, 0, {"unreconciled": 25}),
    (State.SUBMITTING, State.UNCERTAIN, Outcome.UNCERTAIN, None, 0, {"unreconciled": 25}),
    (State.QUEUED, State.CANCELLED, Outcome.NEVER_SENT, None, 0, {}),
]


@pytest.mark.parametrize(("before", "end", "outcome", "cost", "charged", "accounts"), ENDS, ids=str)
async def test_an_end_settles_as_the_table_says(
    storage, bring, member, booked, before, end, outcome, cost, charged, accounts
):
    job = await bring(before)
    over = await storage.finish(job, end, outcome, NOW, cost, failure="X")
    assert (over.state, over.charged, over.cost, over.failure) == (end, charged, cost, "X")
    assert over.finished_at == NOW
    balance = await storage.balance(member(), NOW)
    assert (balance.held, balance.captured, balance.left) == (0, charged, 500 - charged)
    assert await storage.holds(member()) == []
    own = {
        id.partition("|")[2]: spent for id, (_, spent) in booked().items() if "|member|" not in id
    }
    assert own == accounts


@pytest.mark.parametrize(("before", "end", "outcome", "cost", "charged", "accounts"), ENDS, ids=str)
async def test_a_second_end_fails_and_changes_nothing(
    storage, bring, rows, before, end, outcome, cost, charged, accounts
):
    job = await bring(before)
    over = await storage.finish(job, end, outcome, NOW, cost)
    ledger = rows("SELECT * FROM ledger")
    for read in (job, over):
        with pytest.raises(StaleJob):
            await storage.finish(read, end, outcome, NOW, cost)
    assert rows("SELECT * FROM ledger") == ledger
    assert await storage.job("job1") == over


async def test_a_hold_is_settled_once_even_by_one_who_does_not_ask_for_the_state(
    database, accept, rows
):
    job = await accept()

    def settle(c) -> None:
        settle_hold(c, job, Settlement(0), NOW, "workspace")

    await database.write(settle)
    ledger = rows("SELECT * FROM ledger")
    with pytest.raises(NoResultFound):
        await database.write(settle)
    assert rows("SELECT * FROM ledger") == ledger


async def test_of_one_kind_a_bucket_has_one_entry_for_a_job(database, accept, rows):
    job = await accept()
    ledger = rows("SELECT * FROM ledger")
    bucket = f"{job.owner.workspace}|member|ada|month|2026-11-01"
    with pytest.raises(IntegrityError):
        await database.write(lambda c: move(c, job.id, job.owner, bucket, "hold", NOW, held=1))
    assert rows("SELECT * FROM ledger") == ledger


async def test_of_many_ends_at_once_one_is_settled(storage, bring, member, booked):
    job = await bring(State.RUNNING)
    ends = [
        (State.FAILED, Outcome.INPUT_REFUSED, 25),
        (State.CANCELLED, Outcome.CANCELLED_RUNNING, None),
        (State.FAILED, Outcome.FAILED, 25),
    ] * 10
    tried = await asyncio.gather(
        *(storage.finish(job, to, outcome, NOW, cost) for to, outcome, cost in ends),
        return_exceptions=True,
    )
    assert sum(isinstance(each, StaleJob) for each in tried) == len(ends) - 1
    (won,) = (each for each in tried if not isinstance(each, BaseException))
    assert booked()[f"{job.owner.workspace}|member|ada|month|2026-11-01"] == (0, won.charged)


async def test_movements_tell_a_members_story_the_newest_first(storage, bring, member):
    job = await bring(State.DELIVERING)
    await storage.finish(job, State.DELIVERED, Outcome.DELIVERED, NOW + timedelta(seconds=9), 20)
    told = await storage.movements(member(), 10)
    assert [(m.kind, m.amount, m.job_id) for m in told] == [
        ("release", 5, "job1"), ("capture", 20, "job1"), ("hold", 25, "job1"),
    ]  # fmt: skip
    assert told[0].at == NOW + timedelta(seconds=9)
    assert await storage.movements(member("ben"), 10) == []
    assert len(await storage.movements(member(), 2)) == 2


async def test_what_the_workspace_pays_is_not_among_a_members_movements(storage, bring, member):
    job = await bring(State.DELIVERING)
    await storage.finish(job, State.UNDELIVERABLE, Outcome.UNDELIVERABLE, NOW, 25)
    assert [m.kind for m in await storage.movements(member(), 10)] == ["release", "hold"]


@pytest.fixture
async def crowd(storage, bring):
    """One job in every state, all of different members so that no limit is in the way."""
    jobs = {}
    for n, state in enumerate([State.QUEUED, *PATH]):
        jobs[state] = await bring(state, f"job{n}", owner=f"m{n}")
    done = await bring(State.DELIVERING, "done", owner="d")
    jobs["done"] = await storage.finish(done, State.DELIVERED, Outcome.DELIVERED, NOW, told=True)
    failed = await bring(State.RUNNING, "failed", owner="f")
    jobs["failed"] = await storage.finish(failed, State.FAILED, Outcome.FAILED, NOW)
    return jobs


async def test_waiting_and_at_runway(storage, crowd):
    queued = crowd[State.QUEUED]
    waiting, busy, theirs, served, _ = await storage.lines()
    assert waiting == [Waiting(queued.id, queued.owner, "gen4_turbo", 1, None)]
    assert busy == {"gen4_turbo": len(AT_RUNWAY)}
    assert (theirs, served) == ({}, {})


async def test_what_those_who_wait_have_at_runway_is_counted(storage, bring, accept, member):
    for n, owner in enumerate(("ada", "ada", "ben", "chloe")):
        await bring(State.RUNNING, f"job{n}", owner=owner)
    for owner in ("ada", "ben"):
        await accept(f"of {owner}", owner=owner)
    found = await storage.lines()
    assert found.busy == {"gen4_turbo": 4}
    assert found.theirs == {("gen4_turbo", member("ada")): 2, ("gen4_turbo", member("ben")): 1}


async def test_when_the_tasks_of_a_model_were_sent(storage, bring):
    for n in range(2):
        job = await bring(State.RUNNING, f"job{n}", owner=f"m{n}")
        await storage.note(job.id, submitted_at=NOW - timedelta(minutes=n))
    await bring(State.SUBMITTING, "on its way", owner="m2")
    assert sorted(await storage.sent_at("gen4_turbo")) == [NOW - timedelta(minutes=1), NOW]
    assert await storage.sent_at("gen4_image") == []


async def test_unfinished_are_those_at_work_and_those_whose_end_was_not_told(storage, crowd):
    left = [job.id for job in await storage.unfinished()]
    assert left == [job.id for key, job in crowd.items() if key != "done"]
    await storage.note("failed", told=True)
    assert "failed" not in {job.id for job in await storage.unfinished()}


async def test_active_are_those_at_work_in_one_workspace(storage, crowd, accept):
    await accept("elsewhere", workspace="playground:other")
    active = [job.id for job in await storage.active("playground:local")]
    assert active == [crowd[state].id for state in (State.QUEUED, *PATH)]


async def test_recent_are_a_members_own_the_newest_first(storing, new, member):
    storage = storing(jobs=10)
    for n in range(4):
        await storage.accept(new(f"job{n}", price=1), [], NOW)
    await storage.accept(new("other", owner="ben"), [], NOW)
    assert [job.id for job in await storage.recent(member(), 3)] == ["job3", "job2", "job1"]


async def test_timings_are_of_the_latest_delivered_jobs_the_oldest_first(storage, bring):
    for n, seconds in enumerate((30, 40, 50)):
        job = await bring(State.DELIVERING, f"job{n}", owner=f"m{n}")
        await storage.note(job.id, started_at=NOW, noticed_at=NOW + timedelta(seconds=seconds))
        await storage.finish(
            job, State.DELIVERED, Outcome.DELIVERED, NOW + timedelta(minutes=n), told=True
        )
    unseen = await bring(State.DELIVERING, "unseen", owner="u")
    await storage.finish(unseen, State.DELIVERED, Outcome.DELIVERED, NOW + timedelta(hours=1))
    assert await storage.timings(2) == [
        Timing("gen4_turbo", 5, 40.0), Timing("gen4_turbo", 5, 50.0),
    ]  # fmt: skip


async def test_due_times_are_kept_to_the_microsecond(storage, accept):
    due = NOW + timedelta(microseconds=123_457)
    await accept()
    await storage.note("job1", due_at=due)
    assert (await storage.lines()).waiting[0].due_at == due
