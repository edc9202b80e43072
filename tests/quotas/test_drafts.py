"""Drafts: decided once, whoever presses, and a job only then."""

import asyncio
from datetime import timedelta

import pytest

from bot.desk.acceptance import draft_of, job_of
from bot.drafts import OPEN, DraftState
from bot.errors import NotEnoughCredits
from bot.quotas import Change


async def asked(books, member="ben", price=150):
    draft = draft_of(books.job(member, price), DraftState.ASKED, books.now + timedelta(hours=24))
    return await books.quotas.save_draft(draft, (), books.now)


async def approve(books, draft, by, raise_by=0):
    job = job_of(draft, books.now)
    return await books.quotas.approve_draft(draft, job, Change(by, books.now), raise_by, ())


async def test_two_admins_at_once_approve_once(books):
    draft = await asked(books)
    answers = await asyncio.gather(*(approve(books, draft, by) for by in ("ada", "eve")))
    assert sorted(answer is not None for answer in answers) == [False, True]
    assert len(await books.storage.unfinished()) == 1
    # Just what was lacking was given, so that nothing is left over.
    assert (await books.balance("ben")).left == 0
    await books.check()


async def test_an_approval_and_a_denial_at_once_decide_once(books):
    draft = await asked(books)
    approved, denied = await asyncio.gather(
        approve(books, draft, "ada"),
        books.quotas.deny_draft(draft, Change("eve", books.now)),
    )
    assert (approved is None) == denied
    assert len(await books.storage.unfinished()) == (0 if denied else 1)


async def test_a_raise_leaves_what_the_job_does_not_need(books):
    _, given = await approve(books, await asked(books, price=150), "ada", raise_by=100)
    assert (given, (await books.balance("ben")).left) == (100, 50)


async def test_a_raise_gives_what_is_lacking_where_that_is_more(books):
    _, given = await approve(books, await asked(books, price=400), "ada", raise_by=100)
    assert (given, (await books.balance("ben")).left) == (300, 0)


async def test_a_draft_holds_nothing_while_it_waits(books):
    await asked(books)
    assert (await books.balance("ben")).left == 100


async def test_a_confirmed_draft_that_no_longer_fits_stays_undecided(books):
    draft = draft_of(books.job("ben", 80), DraftState.UNCONFIRMED, books.now + timedelta(hours=1))
    await books.quotas.save_draft(draft, (), books.now)
    await books.accept("ben", 50)
    with pytest.raises(NotEnoughCredits):
        await books.quotas.run_draft(draft, job_of(draft, books.now), books.now, ())
    assert (await books.quotas.draft(draft.id)).state is DraftState.UNCONFIRMED


async def test_pressing_run_twice_makes_one_job(books):
    draft = draft_of(books.job("ben", 80), DraftState.UNCONFIRMED, books.now + timedelta(hours=1))
    await books.quotas.save_draft(draft, (), books.now)
    job = job_of(draft, books.now)
    answers = await asyncio.gather(
        *(books.quotas.run_draft(draft, job, books.now, ()) for _ in range(2))
    )
    assert sorted(answer is not None for answer in answers) == [False, True]


async def test_only_open_drafts_run_out(books):
    draft = await asked(books)
    books.now += timedelta(hours=25)
    assert [d.id for d in await books.quotas.overdue_drafts(books.now)] == [draft.id]
    assert await books.quotas.decide(draft.id, OPEN, DraftState.EXPIRED, None)
    assert await books.quotas.overdue_drafts(books.now) == []
    assert await approve(books, draft, "ada") is None


async def test_an_admin_decides_also_what_did_not_seem_to_reach_them(books):
    expires_at = books.now + timedelta(hours=1)
    draft = draft_of(books.job("ben", 150), DraftState.REFUSED, expires_at)
    await books.quotas.save_draft(draft, (), books.now)
    assert await approve(books, draft, "ada") is not None
    other = draft_of(books.job("ben", 150), DraftState.REFUSED, expires_at)
    await books.quotas.save_draft(other, (), books.now)
    assert await books.quotas.deny_draft(other, Change("ada", books.now))
