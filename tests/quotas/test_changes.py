"""What admins change: written down with the change, or neither of them."""

import asyncio
from datetime import timedelta

import pytest

from bot.credits import BLOCKED, Allowance, Period
from bot.desk.acceptance import draft_of, job_of
from bot.drafts import DraftState
from bot.errors import NotEnoughCredits, NothingGranted, TooMuchToRevoke
from bot.jobs import Member
from bot.quotas import Change, Rule

HERE = "playground:local"
BEN = Member(HERE, "ben")


async def lines(books, subject=None):
    """The history as `by action subject: before → after (why)`, the oldest first."""
    found = await books.quotas.changed(HERE, subject, 50)
    return [
        f"{c.change.by} {c.action} {c.subject}: {c.before} → {c.after} ({c.change.why})"
        for c in reversed(found)
    ]


async def test_every_change_is_written_down_with_before_after_and_why(books):
    await books.rule("member:ben", Allowance(200))
    because = Change("eve", books.now, "the big campaign")
    await books.quotas.set_rules([(HERE, Rule(BLOCKED, "member:ben"))], because, "block")
    await books.quotas.clear_rule(HERE, "member:ben", books.change())
    await books.grant("ben", 50, days=5)
    await books.quotas.revoke(BEN, 20, books.change("too many"))
    await books.quotas.reset(BEN, books.change())
    await books.quotas.pardon(BEN, books.change())
    await books.quotas.change_settings(HERE, {"time_zone": "Asia/Tokyo"}, books.change())
    assert await lines(books) == [
        "ada set member:ben: None → 200 a month (None)",
        "eve block member:ben: 200 a month → blocked (the big campaign)",
        "ada clear member:ben: blocked → None (None)",
        "ada grant member:ben: 0 granted → 50 granted (until 2026-03-15 12:00 UTC) (None)",
        "ada revoke member:ben: 50 granted → 30 granted (too many)",
        "ada reset member:ben: 0 used → 0 used (None)",
        "ada pardon member:ben: 0 refused → 0 refused (None)",
        "ada settings zone: None → Asia/Tokyo (None)",
    ]
    assert len(await lines(books, "member:ben")) == 7
    assert await books.quotas.changed("playground:other", None, 50) == []


async def test_what_was_refused_is_not_written_down(books):
    with pytest.raises(NothingGranted):
        await books.quotas.revoke(BEN, None, books.change())
    assert not await books.quotas.clear_rule(HERE, "member:ben", books.change())
    await books.grant("ben", 10)
    with pytest.raises(TooMuchToRevoke) as caught:
        await books.quotas.revoke(BEN, 11, books.change())
    assert (caught.value.amount, caught.value.left) == (11, 10)
    assert [line.split()[1] for line in await lines(books)] == ["grant"]


async def test_part_of_a_grant_is_taken_from_what_lasts_longest(books):
    await books.grant("ben", 30, days=5)
    await books.grant("ben", 30)
    assert await books.quotas.revoke(BEN, 40, books.change()) == 40
    grants = (await books.balance("ben")).grants
    assert [(grant.left, grant.expires_at is None) for grant in grants] == [(20, False)]


async def test_a_revoked_grant_pays_for_what_it_holds_and_nothing_else(books):
    await books.accept("ben", 100)
    await books.grant("ben", 50)
    running = await books.accept("ben", 20)
    assert await books.quotas.revoke(BEN, None, books.change()) == 30
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 1)
    await books.fail(running, "INTERNAL")
    # What the job gave back belongs to nobody any more.
    assert (await books.balance("ben")).left == 0
    await books.check()


async def test_two_admins_who_revoke_at_once_take_it_once(books):
    await books.grant("ben", 50)
    answers = await asyncio.gather(
        *(books.quotas.revoke(BEN, 30, books.change()) for _ in range(2)), return_exceptions=True
    )
    assert sorted(str(type(answer).__name__) for answer in answers) == ["TooMuchToRevoke", "int"]
    assert (await books.balance("ben")).left == 120


async def test_a_member_who_starts_anew_has_all_but_what_is_held(books):
    await books.deliver(await books.accept("ben", 60))
    running = await books.accept("ben", 30)
    assert await books.quotas.reset(BEN, books.change()) == 60
    balance = await books.balance("ben")
    assert (balance.captured, balance.held, balance.left) == (0, 30, 70)
    await books.deliver(running)
    assert (await books.balance("ben")).left == 70
    statement = await books.quotas.statement(BEN, books.now, (), 10)
    kinds = [movement.kind for movement in statement.movements]
    assert kinds.count("reset") == 1
    # What was spent stays spent in every report.
    assert await books.quotas.usage(HERE, books.now - timedelta(days=1), 5) == [("ben", 90)]
    await books.check()


@pytest.mark.parametrize(
    ("first", "second"),
    [(Period.MONTH, Period.DAY), (Period.DAY, Period.WEEK), (Period.WEEK, Period.MONTH)],
)
async def test_another_period_does_not_give_the_same_credits_twice(books, first, second):
    await books.rule("member:ben", Allowance(100, first))
    await books.deliver(await books.accept("ben", 50))
    running = await books.accept("ben", 30)
    await books.rule("member:ben", Allowance(100, second))
    balance = await books.balance("ben")
    assert (balance.captured, balance.held, balance.left) == (50, 30, 20)
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 21)
    await books.accept("ben", 20)
    await books.deliver(running, cost=10)
    balance = await books.balance("ben")
    assert (balance.captured, balance.held, balance.left) == (60, 20, 20)
    await books.rule("member:ben", Allowance(100, first))
    assert (await books.balance("ben")).left == 20
    await books.check()


async def test_a_day_does_not_count_what_the_month_had_spent_before_it(books):
    await books.deliver(await books.accept("ben", 90))
    books.now += timedelta(days=1)
    await books.rule("member:ben", Allowance(100, Period.DAY))
    await books.deliver(await books.accept("ben", 40))
    assert (await books.balance("ben")).left == 60
    await books.rule("member:ben", Allowance(200))
    assert (await books.balance("ben")).left == 70


async def test_a_reset_also_counts_for_the_periods_that_apply_later(books):
    await books.deliver(await books.accept("ben", 90))
    await books.quotas.reset(BEN, books.change())
    await books.deliver(await books.accept("ben", 10))
    await books.rule("member:ben", Allowance(100, Period.DAY))
    assert (await books.balance("ben")).left == 90


async def test_a_role_with_another_period_does_not_give_the_same_credits_twice(books):
    await books.rule("role:design", Allowance(80, Period.DAY))
    await books.deliver(await books.accept("ben", 70, roles=("design",)))
    assert (await books.balance("ben", ())).left == 30
    with pytest.raises(NotEnoughCredits):
        await books.accept("ben", 31)


async def after(books, job, captured):
    return (await books.quotas.balance_after(job, captured, books.now)).left


async def test_what_is_left_after_a_job_is_what_will_be_left(books):
    await books.grant("ben", 20)
    job = await books.accept("ben", 110)
    for captured in (0, 50, 105, 110):
        assert await after(books, job, captured) == 120 - captured
    delivered = await books.deliver(job, 105)
    assert await after(books, delivered, 105) == (await books.balance("ben")).left == 15


async def test_a_job_of_the_last_period_leaves_this_one_alone(books):
    job = await books.accept("ben", 60)
    books.now += timedelta(days=31)
    assert await after(books, job, 10) == 100


async def test_a_lowered_allowance_has_nothing_left_after_a_job(books):
    job = await books.accept("ben", 60)
    await books.rule("member:ben", Allowance(40))
    assert await after(books, job, 60) == 0
    assert await after(books, job, 25) == 15


async def test_what_was_used_is_told_by_day_member_and_model(books):
    await books.deliver(await books.accept("ben", 10))
    await books.deliver(await books.accept("ben", 10), cost=4)
    await books.fail(await books.accept("ada", 8), "SAFETY.INPUT.TEXT", cost=12)
    books.now += timedelta(days=1)
    await books.deliver(await books.accept("ben", 5))
    await books.quotas.reset(BEN, books.change())
    await books.rule("member:ben", Allowance(100, Period.DAY))
    await books.deliver(await books.accept("ben", 5))
    used = await books.quotas.report(HERE, books.now - timedelta(days=5), 100)
    assert [(u.day.day, u.member, u.jobs, u.paid, u.workspace_paid) for u in used] == [
        (10, "ada", 1, 8, 4), (10, "ben", 2, 14, 0), (11, "ben", 2, 10, 0),
    ]  # fmt: skip


async def test_an_approval_and_a_denial_are_written_down(books):

    for price in (150, 30):
        draft = draft_of(books.job("ben", price), DraftState.ASKED, books.now + timedelta(hours=1))
        await books.quotas.save_draft(draft, (), books.now)
        if price == 150:
            job = job_of(draft, books.now)
            await books.quotas.approve_draft(draft, job, Change("ada", books.now), 0, ())
        else:
            assert await books.quotas.deny_draft(draft, Change("eve", books.now))
            assert not await books.quotas.deny_draft(draft, Change("ada", books.now))
    assert await lines(books) == [
        "ada approve member:ben: 0 granted → 50 granted (None)",
        "eve deny member:ben: asked for 30 → None (None)",
    ]
