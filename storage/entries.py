"""Entries and buckets: the ledger's own bookkeeping, below every rule.

An entry is written once and never changed; a bucket's columns are the sums of its entries.
"""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bot.credits import Period, period_start
from bot.jobs import Member
from storage.rows import insert_new, to_micros
from storage.schema import buckets, hold_legs, ledger


def count_hold(
    c: Connection, job_id: str, owner: Member, bucket: str, amount: int, now: datetime
) -> None:
    """Count a job's hold in one more bucket, behind the others; it is not paid from there."""
    last = select(func.max(hold_legs.c.place)).where(hold_legs.c.job == job_id)
    place: int = c.execute(last).scalar_one() + 1
    leg = {"job": job_id, "bucket": bucket, "place": place, "amount": amount, "pays": 0}
    c.execute(insert(hold_legs).values(**leg))
    move(c, job_id, owner, bucket, "hold", now, held=amount, pays=False)


_BUCKET = select(buckets).where(buckets.c.id == bindparam("bucket"))


def used_in(c: Connection, bucket: str) -> tuple[int, int]:
    """What a bucket holds: credits held, and credits captured."""
    row = c.execute(_BUCKET, {"bucket": bucket}).one_or_none()
    return (row.held, row.captured) if row else (0, 0)


def member_bucket(member: Member, period: Period, now: datetime, zone: ZoneInfo) -> str:
    """The bucket of a member's allowance in the running period."""
    return f"{member.workspace}|member|{member.id}|{period_key(period, now, zone)}"


def grant_bucket(workspace: str, grant_id: str) -> str:
    """The bucket of a grant, which has no period."""
    return f"{workspace}|grant|{grant_id}"


def cap_bucket(workspace: str, scope: str, period: Period, now: datetime, zone: ZoneInfo) -> str:
    """The bucket of the workspace's budget, or of a channel's cap."""
    kind = "budget" if scope == "workspace" else f"channel|{scope.removeprefix('channel:')}"
    return f"{workspace}|{kind}|{period_key(period, now, zone)}"


def own_buckets(workspace: str) -> list[str]:
    """The buckets of what the workspace itself has paid."""
    return [own_bucket(workspace, account) for account in ("workspace", "unreconciled")]


def own_bucket(workspace: str, account: str) -> str:
    """One of them: `workspace`, or `unreconciled` until the books are compared."""
    return f"{workspace}|{account}"


def bucket_kind(bucket: str) -> str:
    """member, grant, budget, channel, workspace or unreconciled."""
    return bucket.split("|")[1]


def period_key(period: Period, now: datetime, zone: ZoneInfo) -> str:
    """A period by its kind and the day on which it begins, as in `month|2026-03-01`."""
    return f"{period}|{period_start(now, period, zone).astimezone(zone).date()}"


def ensure_bucket(c: Connection, bucket: str) -> None:
    """Make it, if it is not there yet."""
    ensure_buckets(c, [bucket])


def ensure_buckets(c: Connection, ids: Sequence[str]) -> None:
    """Make those that are not there yet."""
    rows = [{"id": bucket, "held": 0, "captured": 0} for bucket in ids]
    c.execute(insert_new(c, buckets), rows)


def move(
    c: Connection,
    job_id: str,
    owner: Member,
    bucket: str,
    kind: str,
    now: datetime,
    *,
    held: int = 0,
    captured: int = 0,
    pays: bool = True,
) -> None:
    """Write an entry of a job and add it to its bucket; `pays` when the member's money moves."""
    own = pays and bucket_kind(bucket) in ("member", "grant")
    member = owner.id if own else None
    _write(c, job_id, bucket, owner.workspace, member, kind, now, held, captured)


def adjust(
    c: Connection,
    workspace: str,
    member: str | None,
    bucket: str,
    kind: str,
    captured: int,
    now: datetime,
) -> None:
    """Write an entry that no job made: an opening, or a member who starts anew."""
    if captured:
        ensure_bucket(c, bucket)
        # Two at one moment are two.
        job = f"at:{to_micros(now)}:{token_hex(4)}"
        _write(c, job, bucket, workspace, member, kind, now, 0, captured)


def _write(
    c: Connection,
    job_id: str,
    bucket: str,
    workspace: str,
    member: str | None,
    kind: str,
    now: datetime,
    held: int,
    captured: int,
) -> None:
    row = {"job": job_id, "bucket": bucket, "workspace": workspace, "member": member}
    amounts = {"held": held, "captured": captured, "at": to_micros(now)}
    c.execute(insert(ledger).values(**row, kind=kind, **amounts))
    c.execute(
        update(buckets)
        .where(buckets.c.id == bucket)
        .values(held=buckets.c.held + held, captured=buckets.c.captured + captured)
    )
