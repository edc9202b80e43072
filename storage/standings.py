"""Where a member stands in the running period, whichever periods there were before.

A bucket belongs to one kind of period. When another kind begins to apply to a member (a month
becomes a day, a role is given, the time zone moves), its bucket must begin with what the member has
used since that period began, or the same credits could be spent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, exists, func, not_, select

from bot.credits import Period, period_start
from bot.jobs import Member
from storage.entries import adjust, count_hold, ensure_buckets, member_bucket, used_in
from storage.locks import in_order, keep_open
from storage.quota_tables import standings
from storage.rows import among, replacing, to_micros
from storage.schema import buckets, hold_legs, holds, jobs, ledger

# More than the clocks of replicas can differ.
CLOCKS = timedelta(hours=1)


_CURRENT = select(standings.c.bucket).where(
    standings.c.workspace == bindparam("workspace"), standings.c.member == bindparam("member")
)


@dataclass(frozen=True)
class Account:
    """A member's allowance in the running period: its bucket, and when the period began."""

    member: Member
    bucket: str
    start: datetime


def account_of(member: Member, period: Period, now: datetime, zone: ZoneInfo) -> Account:
    """A member's account in the period around `now`."""
    bucket = member_bucket(member, period, now, zone)
    return Account(member, bucket, period_start(now, period, zone))


def used_by(c: Connection, account: Account) -> tuple[int, int]:
    """Credits held and captured of the running period, counted in its bucket yet or not."""
    if _current(c, account.member) == account.bucket:
        return used_in(c, account.bucket)
    return used_uncounted(c, [account])[account.bucket]


def used_uncounted(c: Connection, accounts: Sequence[Account]) -> dict[str, tuple[int, int]]:
    """The same, by bucket, for members of one workspace whose buckets are yet to be opened.

    To a mere look, which lets settlements go on, a job counts rather twice for a moment than never.
    """
    ids = [account.bucket for account in accounts]
    uncounted = _uncounted_holds(c, accounts)
    query = select(buckets.c.id, buckets.c.held).where(among(c, buckets.c.id, ids))
    held = {row.id: row.held for row in c.execute(query)}
    spent = _spent(c, accounts)
    used = {bucket: (held.get(bucket, 0), spent.get(bucket, 0)) for bucket in ids}
    for account, _, amount in uncounted:
        held_now, captured = used[account.bucket]
        used[account.bucket] = (held_now + amount, captured)
    return used


def open_bucket(c: Connection, account: Account, now: datetime) -> None:
    """Count everything that the period has seen in its bucket, from now on."""
    if _current(c, account.member) == account.bucket:
        ensure_buckets(c, [account.bucket])
    else:
        keep_open(c, account.member.workspace, [account.member.id])
        open_buckets(c, [account], now)


def open_buckets(c: Connection, accounts: Sequence[Account], now: datetime) -> None:
    """The same for members of one workspace whose buckets are not their current ones.

    What they hold is kept open meanwhile.
    """
    ids = [account.bucket for account in accounts]
    ensure_buckets(c, ids)
    query = select(buckets.c.id, buckets.c.captured).where(among(c, buckets.c.id, ids))
    query = in_order(c, query, buckets.c.id, ids).with_for_update()
    counted = {row.id: row.captured for row in c.execute(query)}
    for bucket, spent in _spent(c, accounts).items():
        workspace = accounts[0].member.workspace
        adjust(c, workspace, None, bucket, "opening", spent - counted.pop(bucket), now)
    for bucket, captured in counted.items():
        adjust(c, accounts[0].member.workspace, None, bucket, "opening", -captured, now)
    for account, job_id, amount in _uncounted_holds(c, accounts):
        count_hold(c, job_id, account.member, account.bucket, amount, now)
    rows = [
        {"workspace": a.member.workspace, "member": a.member.id, "bucket": a.bucket}
        for a in accounts
    ]
    c.execute(replacing(c, standings), rows)


def count_anew(c: Connection, workspace: str) -> None:
    """Have every member's bucket opened again: another zone's day can have the same date.

    The workspace stands still meanwhile.
    """
    c.execute(delete(standings).where(standings.c.workspace == workspace))


def begin_anew(c: Connection, account: Account, now: datetime) -> int:
    """Let a member's period count from now; the credits that were used of it until now."""
    open_bucket(c, account, now)
    query = select(buckets.c.captured).where(buckets.c.id == account.bucket).with_for_update()
    captured: int = c.execute(query).scalar_one()
    member = account.member
    adjust(c, member.workspace, member.id, account.bucket, "reset", -captured, now)
    return captured


def buckets_of(c: Connection, workspace: str, members: Sequence[str]) -> dict[str, str]:
    """The bucket that each member's allowance was last counted in."""
    query = select(standings.c.member, standings.c.bucket).where(
        standings.c.workspace == workspace, among(c, standings.c.member, members)
    )
    return {row.member: row.bucket for row in c.execute(query)}


def _current(c: Connection, member: Member) -> str | None:
    whose = {"workspace": member.workspace, "member": member.id}
    found: str | None = c.execute(_CURRENT, whose).scalar_one_or_none()
    return found


def _spent(c: Connection, accounts: Sequence[Account]) -> dict[str, int]:
    """What members have paid of allowances for their period's jobs, since the last new beginning.

    By bucket; those who have paid nothing are left out.
    """
    spent: dict[str, int] = {}
    for start, alike in _by_start(accounts).items():
        workspace = accounts[0].member.workspace
        recent = (
            ledger.c.workspace == workspace,
            among(c, ledger.c.member, list(alike)),
            # What a job of the period cost was booked in it; replicas' clocks differ by less.
            ledger.c.at >= to_micros(start - CLOCKS),
        )
        anew = select(ledger.c.member, func.max(ledger.c.seq).label("seq"))
        anew_by = anew.where(*recent, ledger.c.kind == "reset").group_by(ledger.c.member)
        began = {row.member: row.seq for row in c.execute(anew_by)}
        query = (
            select(ledger.c.member, ledger.c.seq, ledger.c.captured)
            .join(jobs, jobs.c.id == ledger.c.job)
            .where(
                *recent,
                ledger.c.kind == "capture",
                ledger.c.bucket.startswith(f"{workspace}|member|", autoescape=True),
                jobs.c.created_at >= to_micros(start),
            )
        )
        for row in c.execute(query):
            if row.seq > began.get(row.member, 0):
                bucket = alike[row.member].bucket
                spent[bucket] = spent.get(bucket, 0) + row.captured
    return spent


def _uncounted_holds(c: Connection, accounts: Sequence[Account]) -> list[tuple[Account, str, int]]:
    """Jobs of the period that are at work and held elsewhere, with what the allowance holds."""
    found = []
    for start, alike in _by_start(accounts).items():
        other = hold_legs.alias()
        ids = [account.bucket for account in alike.values()]
        counted = exists().where(other.c.job == holds.c.job, among(c, other.c.bucket, ids))
        query = (
            select(holds.c.member, holds.c.job, hold_legs.c.amount)
            .join(hold_legs, hold_legs.c.job == holds.c.job)
            .join(jobs, jobs.c.id == holds.c.job)
            .where(
                holds.c.workspace == accounts[0].member.workspace,
                among(c, holds.c.member, list(alike)),
                holds.c.open == 1,
                not_(counted),
                hold_legs.c.pays == 1,
                hold_legs.c.place == 0,
                jobs.c.created_at >= to_micros(start),
            )
            .order_by(holds.c.job)
        )
        found += [(alike[row.member], row.job, row.amount) for row in c.execute(query)]
    return found


def _by_start(accounts: Sequence[Account]) -> dict[datetime, dict[str, Account]]:
    """Accounts by the beginning of their period, then by member."""
    starts: dict[datetime, dict[str, Account]] = {}
    for account in accounts:
        starts.setdefault(account.start, {})[account.member.id] = account
    return starts
