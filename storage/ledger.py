"""Credits in SQL: holds, captures, releases and bookings, each exactly once per job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from bot.credits import Allowance, Balance, Movement, Period, Settlement, period_end, period_start
from bot.errors import NotEnoughCredits, TooManyJobs
from bot.jobs import Job, Member
from storage.rows import from_micros, to_micros, upsert
from storage.schema import allowances, buckets, hold_legs, holds, ledger


@dataclass(frozen=True)
class Defaults:
    """What holds where a workspace has set nothing of its own."""

    allowance: Allowance
    jobs_in_flight: int
    zone: ZoneInfo


def reserve(c: Connection, job: Job, now: datetime, defaults: Defaults) -> None:
    """Hold the job's price; raises NotEnoughCredits or TooManyJobs."""
    if _open_holds(c, job.owner) >= defaults.jobs_in_flight:
        raise TooManyJobs(defaults.jobs_in_flight)
    amount = job.request.price
    row = {"job": job.id, "workspace": job.owner.workspace, "member": job.owner.id}
    c.execute(insert(holds).values(**row, amount=amount, open=1))
    member = effective_allowance(c, job.owner, defaults)
    _hold(
        c, job, member_bucket(job.owner, member.period, now, defaults.zone), member, now, defaults
    )
    budget = allowance_of(c, job.owner.workspace, "workspace")
    # Last, because all of a workspace's members wait for each other here.
    if budget is not None:
        bucket = budget_bucket(job.owner.workspace, budget.period, now, defaults.zone)
        _hold(c, job, bucket, budget, now, defaults)


def _hold(
    c: Connection, job: Job, bucket: str, allowance: Allowance, now: datetime, defaults: Defaults
) -> None:
    amount, used = job.request.price, buckets.c.captured + buckets.c.held
    ensure_bucket(c, bucket)
    guarded = update(buckets).where(buckets.c.id == bucket)
    if allowance.credits is not None:
        guarded = guarded.where(used + amount <= allowance.credits)
    if c.execute(guarded.values(held=buckets.c.held + amount)).rowcount != 1:
        left = (allowance.credits or 0) - c.execute(
            select(used).where(buckets.c.id == bucket)
        ).scalar_one()
        resets_at = period_end(now, allowance.period, defaults.zone)
        raise NotEnoughCredits(amount, max(0, left), resets_at, team=is_budget(bucket))
    add_leg(c, job.id, bucket)
    enter(c, job, bucket, "hold", now, held=amount)


def add_leg(c: Connection, job_id: str, bucket: str) -> None:
    c.execute(insert(hold_legs).values(job=job_id, bucket=bucket))


def settle_hold(
    c: Connection, job: Job, settlement: Settlement, now: datetime, account: str
) -> None:
    """Capture what the member pays, release the rest, and book what the workspace pays."""
    closed = update(holds).where(holds.c.job == job.id, holds.c.open == 1).values(open=0)
    amount = c.execute(closed.returning(holds.c.amount)).scalar_one()
    captured, booked = settlement.captured, settlement.booked
    for bucket in c.execute(select(hold_legs.c.bucket).where(hold_legs.c.job == job.id)).scalars():
        if captured:
            _move(c, job, bucket, "capture", now, held=-captured, captured=captured)
        if amount > captured:
            _move(c, job, bucket, "release", now, held=captured - amount)
        if booked and is_budget(bucket):
            _move(c, job, bucket, "booking", now, captured=booked)
    if booked:
        bucket = f"{job.owner.workspace}|{account}"
        ensure_bucket(c, bucket)
        _move(c, job, bucket, "booking", now, captured=booked)


def balance_of(c: Connection, member: Member, now: datetime, defaults: Defaults) -> Balance:
    allowance = effective_allowance(c, member, defaults)
    bucket = member_bucket(member, allowance.period, now, defaults.zone)
    row = c.execute(select(buckets).where(buckets.c.id == bucket)).one_or_none()
    return Balance(
        allowance,
        held=row.held if row else 0,
        captured=row.captured if row else 0,
        resets_at=period_end(now, allowance.period, defaults.zone),
    )


def effective_allowance(c: Connection, member: Member, defaults: Defaults) -> Allowance:
    """The member's own allowance, else the workspace's default, else the configured one."""
    own = allowance_of(c, member.workspace, f"member:{member.id}")
    return own or allowance_of(c, member.workspace, "default") or defaults.allowance


def allowance_of(c: Connection, workspace: str, scope: str) -> Allowance | None:
    query = select(allowances).where(
        allowances.c.workspace == workspace, allowances.c.scope == scope
    )
    row = c.execute(query).one_or_none()
    return Allowance(row.credits, Period(row.period)) if row else None


def set_allowance(
    c: Connection, workspace: str, scope: str, allowance: Allowance, by: Member, now: datetime
) -> None:
    values = {
        "credits": allowance.credits,
        "period": allowance.period.value,
        "set_by": by.id,
        "set_at": to_micros(now),
    }
    keys = {"workspace": workspace, "scope": scope}
    c.execute(upsert(c, allowances, keys, values))


def movements_of(c: Connection, member: Member, limit: int) -> list[Movement]:
    """The member's latest entries, the newest first."""
    query = select(ledger).where(
        ledger.c.workspace == member.workspace, ledger.c.member == member.id
    )
    rows = c.execute(query.order_by(ledger.c.seq.desc()).limit(limit)).mappings()
    return [_movement(row) for row in rows]


def open_holds_of(c: Connection, member: Member) -> list[tuple[str, int]]:
    query = select(holds.c.job, holds.c.amount).where(
        holds.c.workspace == member.workspace, holds.c.member == member.id, holds.c.open == 1
    )
    return [(row.job, row.amount) for row in c.execute(query)]


def member_bucket(member: Member, period: Period, now: datetime, zone: ZoneInfo) -> str:
    start = period_start(now, period, zone).astimezone(zone).date()
    return f"{member.workspace}|member|{member.id}|{period}|{start}"


def budget_bucket(workspace: str, period: Period, now: datetime, zone: ZoneInfo) -> str:
    start = period_start(now, period, zone).astimezone(zone).date()
    return f"{workspace}|budget|{period}|{start}"


def is_budget(bucket: str) -> bool:
    return bucket.split("|")[1] == "budget"


def _open_holds(c: Connection, member: Member) -> int:
    query = select(func.count()).where(
        holds.c.workspace == member.workspace, holds.c.member == member.id, holds.c.open == 1
    )
    return c.execute(query).scalar_one()


def _movement(row: RowMapping) -> Movement:
    amount = {"hold": row["held"], "release": -row["held"]}.get(row["kind"], row["captured"])
    return Movement(from_micros(row["at"]), row["kind"], amount, row["job"])


def ensure_bucket(c: Connection, bucket: str) -> None:
    c.execute(upsert(c, buckets, {"id": bucket}, {"held": 0, "captured": 0}, replace=False))


def _move(
    c: Connection,
    job: Job,
    bucket: str,
    kind: str,
    now: datetime,
    held: int = 0,
    captured: int = 0,
) -> None:
    """Write an entry and add it to its bucket."""
    enter(c, job, bucket, kind, now, held, captured)
    c.execute(
        update(buckets)
        .where(buckets.c.id == bucket)
        .values(held=buckets.c.held + held, captured=buckets.c.captured + captured)
    )


def enter(
    c: Connection,
    job: Job,
    bucket: str,
    kind: str,
    now: datetime,
    held: int = 0,
    captured: int = 0,
) -> None:
    c.execute(
        insert(ledger).values(
            job=job.id,
            bucket=bucket,
            workspace=job.owner.workspace,
            member=None if kind == "booking" or is_budget(bucket) else job.owner.id,
            kind=kind,
            held=held,
            captured=captured,
            at=to_micros(now),
        )
    )


def sums_by_bucket(c: Connection) -> Sequence[RowMapping]:
    """Every bucket's columns beside the sums of its entries: they are always equal."""
    entries = (
        select(
            ledger.c.bucket,
            func.sum(ledger.c.held).label("held"),
            func.sum(ledger.c.captured).label("captured"),
        )
        .group_by(ledger.c.bucket)
        .subquery()
    )
    query = select(
        buckets.c.id,
        buckets.c.held,
        buckets.c.captured,
        func.coalesce(entries.c.held, 0).label("entries_held"),
        func.coalesce(entries.c.captured, 0).label("entries_captured"),
    ).outerjoin(entries, entries.c.bucket == buckets.c.id)
    return c.execute(query).mappings().all()
