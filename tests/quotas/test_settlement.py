"""The end of a job in the books: exactly once, with the workspace paying the rest."""

import pytest

from bot.credits import Allowance, Outcome
from bot.errors import StaleJob
from bot.jobs import State
from storage.entries import used_in


async def used(books, bucket):
    return await books.database.read(lambda c: used_in(c, f"playground:local|{bucket}"))


async def test_a_second_settlement_changes_nothing(books):
    job = await books.accept("ben", 40)
    done = await books.deliver(job)
    with pytest.raises(StaleJob):
        await books.storage.finish(done, State.DELIVERED, Outcome.DELIVERED, books.now)
    assert (await books.balance("ben")).captured == 40
    await books.check()


async def test_what_costs_more_than_was_held_is_booked_to_the_workspace(books):
    await books.rule("workspace", Allowance(1000))
    await books.deliver(await books.accept("ben", 40), cost=52)
    assert (await books.balance("ben")).captured == 40
    assert await used(books, "workspace") == (0, 12)
    budget = await books.quotas.budget("playground:local", "workspace", books.now)
    assert budget.captured == 52
    await books.check()


async def test_an_uncertain_job_costs_the_member_nothing_and_is_booked_as_unreconciled(books):
    job = await books.storage.advance(await books.accept("ben", 25), State.SUBMITTING)
    await books.storage.finish(job, State.UNCERTAIN, Outcome.UNCERTAIN, books.now)
    balance = await books.balance("ben")
    assert (balance.held, balance.captured) == (0, 0)
    assert await used(books, "unreconciled") == (0, 25)
    assert [job.id for job in await books.quotas.uncertain(books.now)] == [job.id]
    await books.check()


async def test_a_job_counts_with_its_price_from_its_task_until_its_cost_is_known(books):
    async def charged() -> list[int]:
        return list((await books.quotas.charges(books.now)).values())

    job = await books.storage.advance(
        await books.accept("ben", 25), State.SUBMITTING, submitted_at=books.now
    )
    assert await charged() == []
    job = await books.storage.advance(job, State.RUNNING, task_id="t1")
    assert await charged() == [25]
    job = await books.storage.advance(job, State.COLLECTING)
    assert await charged() == [25]
    job = await books.storage.advance(job, State.DELIVERING, cost=20)
    assert await charged() == [20]
    await books.storage.finish(job, State.DELIVERED, Outcome.DELIVERED, books.now, 20)
    assert await charged() == [20]


async def test_what_could_not_be_delivered_was_charged_by_runway_all_the_same(books):
    job = await books.accept("ben", 25)
    made = {"submitted_at": books.now, "task_id": "t1"}
    for state in (State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING):
        job = await books.storage.advance(job, state, **made)
    await books.storage.finish(job, State.UNDELIVERABLE, Outcome.UNDELIVERABLE, books.now)
    assert list((await books.quotas.charges(books.now)).values()) == [25]


async def test_marks_are_noted_once_a_period_and_only_the_highest_new_one_is_told(books):
    await books.rule("member:ben", Allowance(100))
    await books.deliver(await books.accept("ben", 85))
    assert [u.facts["percent"] for u in await books.untold()] == [80]
    await books.deliver(await books.accept("ben", 5))
    assert len(await books.untold()) == 1
    await books.deliver(await books.accept("ben", 10))
    assert [u.facts["percent"] for u in await books.untold()] == [100, 80]


async def test_a_budgets_marks_are_for_the_admins(books):
    await books.rule("workspace", Allowance(20))
    await books.deliver(await books.accept("ben", 10))
    untold = [u for u in await books.untold() if u.member is None]
    assert [(u.kind, u.facts["percent"]) for u in untold] == [("mark", 50)]
    await books.storage.told(untold[0].key)
    assert [u for u in await books.untold() if u.member is None] == []
