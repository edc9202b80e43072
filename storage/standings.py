"""Where a member stands in the running period, whichever periods there were before.

A bucket belongs to one kind of period. When another kind begins to apply to a member (a month
becomes a day, a role is given, the time zone moves), its bucket must begin with what the member has
used since that period began, or the same credits could be spent twice.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, func, not_, select

from bot.credits import Period, period_start
from bot.jobs import Member
from storage.entries import add_leg, adjust, ensure_bucket, member_bucket, move, used_in
from storage.quota_tables import standings
from storage.rows import to_micros, upsert
from storage.schema import buckets, hold_legs, holds, jobs, ledger


@dataclass(frozen=True)
class Account:
    """A member's allowance in the running period: its bucket, and when the period began."""

    member: Member
    bucket: str
    start: datetime


def account_of(member: Member, period: Period, now: datetime, zone: ZoneInfo) -> Account:
    bucket = member_bucket(member, period, now, zone)
    return Account(member, bucket, period_start(now, period, zone))


def used_by(c: Connection, account: Account) -> tuple[int, int]:
    """Credits held and captured of the running period, counted in its bucket yet or not."""
    held, captured = used_in(c, account.bucket)
    if _current(c, account.member) == account.bucket:
        return held, captured
    uncounted = sum(amount for _, amount in _uncounted_holds(c, account))
    return held + uncounted, _spent(c, account)


def open_bucket(c: Connection, account: Account, now: datetime) -> None:
    """Count everything that the period has seen in its bucket, from now on."""
    member = account.member
    ensure_bucket(c, account.bucket)
    if _current(c, member) == account.bucket:
        return
    query = select(buckets.c.captured).where(buckets.c.id == account.bucket).with_for_update()
    counted: int = c.execute(query).scalar_one()
    missing = _spent(c, account) - counted
    adjust(c, member.workspace, None, account.bucket, "opening", missing, now)
    for job_id, amount in _uncounted_holds(c, account):
        add_leg(c, job_id, account.bucket, next_place(c, job_id), amount, pays=False)
        move(c, job_id, member, account.bucket, "hold", now, held=amount, pays=False)
    keys = {"workspace": member.workspace, "member": member.id}
    c.execute(upsert(c, standings, keys, {"bucket": account.bucket}))


def begin_anew(c: Connection, account: Account, now: datetime) -> int:
    """Let a member's period count from now; the credits that were used of it until now."""
    open_bucket(c, account, now)
    query = select(buckets.c.captured).where(buckets.c.id == account.bucket).with_for_update()
    captured: int = c.execute(query).scalar_one()
    member = account.member
    adjust(c, member.workspace, member.id, account.bucket, "reset", -captured, now)
    return captured


def next_place(c: Connection, job_id: str) -> int:
    """The place behind a hold's last leg."""
    query = select(func.max(hold_legs.c.place)).where(hold_legs.c.job == job_id)
    last: int = c.execute(query).scalar_one()
    return last + 1


def _current(c: Connection, member: Member) -> str | None:
    query = select(standings.c.bucket).where(
        standings.c.workspace == member.workspace, standings.c.member == member.id
    )
    return c.execute(query).scalar_one_or_none()


def _spent(c: Connection, account: Account) -> int:
    """What the member has paid of allowances for the period's jobs, since the last new beginning."""
    member = account.member
    own = (ledger.c.workspace == member.workspace, ledger.c.member == member.id)
    anew = select(func.coalesce(func.max(ledger.c.seq), 0)).where(*own, ledger.c.kind == "reset")
    query = (
        select(func.coalesce(func.sum(ledger.c.captured), 0))
        .join(jobs, jobs.c.id == ledger.c.job)
        .where(
            *own,
            ledger.c.kind == "capture",
            ledger.c.bucket.startswith(f"{member.workspace}|member|", autoescape=True),
            ledger.c.seq > anew.scalar_subquery(),
            jobs.c.created_at >= to_micros(account.start),
        )
    )
    spent: int = c.execute(query).scalar_one()
    return spent


def _uncounted_holds(c: Connection, account: Account) -> list[tuple[str, int]]:
    """Jobs of the period that are at work and held elsewhere, with what the allowance holds."""
    member = account.member
    other = hold_legs.alias()
    counted = exists().where(other.c.job == holds.c.job, other.c.bucket == account.bucket)
    query = (
        select(holds.c.job, hold_legs.c.amount)
        .join(hold_legs, hold_legs.c.job == holds.c.job)
        .join(jobs, jobs.c.id == holds.c.job)
        .where(
            holds.c.workspace == member.workspace,
            holds.c.member == member.id,
            holds.c.open == 1,
            not_(counted),
            hold_legs.c.pays == 1,
            hold_legs.c.place == 0,
            jobs.c.created_at >= to_micros(account.start),
        )
        .order_by(holds.c.job)
    )
    return [(row.job, row.amount) for row in c.execute(query)]
