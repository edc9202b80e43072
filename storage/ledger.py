"""Credits in SQL: holds, captures, releases and bookings, each exactly once per job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from bot.credits import Balance, Movement, Period, Settlement, period_end, period_start
from bot.errors import Blocked, NotEnoughCredits, TooManyJobs
from bot.jobs import Job, Member, room
from bot.quotas import Rule, split
from storage.rows import from_micros, to_micros, upsert
from storage.rules import Defaults, effective_rule, live_grants, rule_of, zone_of
from storage.schema import buckets, hold_legs, holds, ledger


@dataclass(frozen=True)
class _Account:
    """A bucket, the most that it may hold (None: no limit), and when it starts anew."""

    bucket: str
    limit: int | None
    resets_at: datetime | None = None


def reserve(
    c: Connection,
    job: Job,
    now: datetime,
    defaults: Defaults,
    roles: Sequence[str],
    *,
    approved: bool = False,
) -> None:
    """Hold the job's price; raises Blocked, NotEnoughCredits or TooManyJobs.

    `approved` by an admin: the caps and the limit on jobs in flight do not count.
    """
    if not approved and _open_holds(c, job.owner) >= defaults.jobs_in_flight:
        raise TooManyJobs(defaults.jobs_in_flight)
    rule = effective_rule(c, job.owner, roles, defaults)
    if rule.allowance.blocked:
        raise Blocked(rule.scope)
    row = {"job": job.id, "workspace": job.owner.workspace, "member": job.owner.id}
    terms = {"amount": job.request.price, "allowance": rule.allowance.credits, "open": 1}
    c.execute(insert(holds).values(**row, **terms))
    zone = zone_of(c, job.owner.workspace, defaults)
    place = _pay(c, job, _paying(c, job.owner, rule, now, zone), now)
    # The caps come last, because all of a workspace's members wait for each other there.
    for scope in ("workspace", f"channel:{room(job.channel)}"):
        cap = rule_of(c, job.owner.workspace, scope)
        if cap is not None:
            _count(c, job, _cap(job.owner.workspace, cap, now, zone), now, place, bind=not approved)
            place += 1


def shortfall(
    c: Connection, job: Job, now: datetime, defaults: Defaults, roles: Sequence[str]
) -> int:
    """Credits that the member lacks for a job."""
    left = balance_of(c, job.owner, now, defaults, roles).left
    return 0 if left is None else max(0, job.request.price - left)


def _paying(
    c: Connection, member: Member, rule: Rule, now: datetime, zone: ZoneInfo
) -> list[_Account]:
    """What pays for a member's job: the allowance first, then the grants."""
    allowance = rule.allowance
    bucket = member_bucket(member, allowance.period, now, zone)
    own = _Account(bucket, allowance.credits, period_end(now, allowance.period, zone))
    grants = live_grants(c, member, now)
    return [own, *(_Account(grant_bucket(member.workspace, g.id), g.credits) for g in grants)]


def _pay(c: Connection, job: Job, accounts: Sequence[_Account], now: datetime) -> int:
    """Hold the price over the accounts, in their order; returns how many it took."""
    free = [_free(c, account) for account in accounts]
    parts = split(job.request.price, free)
    if parts is None:
        left = sum(max(0, available or 0) for available in free)
        raise NotEnoughCredits(job.request.price, left, accounts[0].resets_at)
    place = 0
    for account, part in zip(accounts, parts, strict=True):
        if part or place == 0:
            add_leg(c, job.id, account.bucket, place, part, pays=True)
            move(c, job, account.bucket, "hold", now, held=part)
            place += 1
    return place


def _count(
    c: Connection, job: Job, cap: _Account, now: datetime, place: int, *, bind: bool
) -> None:
    """Count the price towards a cap; `bind` when it must fit."""
    price, free = job.request.price, _free(c, cap)
    if bind and free is not None and free < price:
        kind = bucket_kind(cap.bucket)
        raise NotEnoughCredits(
            price, max(0, free), cap.resets_at, team=kind == "budget", channel=kind == "channel"
        )
    add_leg(c, job.id, cap.bucket, place, price, pays=False)
    move(c, job, cap.bucket, "hold", now, held=price)


def _free(c: Connection, account: _Account) -> int | None:
    """What is left of an account; its row is locked, so that this stays true."""
    ensure_bucket(c, account.bucket)
    query = select(buckets.c.held + buckets.c.captured).where(buckets.c.id == account.bucket)
    used: int = c.execute(query.with_for_update()).scalar_one()
    return None if account.limit is None else account.limit - used


def add_leg(
    c: Connection, job_id: str, bucket: str, place: int, amount: int, *, pays: bool
) -> None:
    values = {"job": job_id, "bucket": bucket, "place": place, "amount": amount, "pays": int(pays)}
    c.execute(insert(hold_legs).values(**values))


def settle_hold(
    c: Connection, job: Job, settlement: Settlement, now: datetime, account: str
) -> list[str]:
    """Capture what the member pays, release the rest, and book what the workspace pays.

    Returns the buckets that the hold was counted in.
    """
    closed = update(holds).where(holds.c.job == job.id, holds.c.open == 1).values(open=0)
    c.execute(closed.returning(holds.c.amount)).one()
    query = select(hold_legs).where(hold_legs.c.job == job.id).order_by(hold_legs.c.place)
    legs = c.execute(query).all()
    unpaid, booked = settlement.captured, settlement.booked
    for leg in legs:
        captured = min(unpaid, leg.amount) if leg.pays else settlement.captured
        unpaid -= captured if leg.pays else 0
        if captured:
            move(c, job, leg.bucket, "capture", now, held=-captured, captured=captured)
        if leg.amount > captured:
            move(c, job, leg.bucket, "release", now, held=captured - leg.amount)
        if booked and not leg.pays:
            move(c, job, leg.bucket, "booking", now, captured=booked)
    if booked:
        bucket = f"{job.owner.workspace}|{account}"
        ensure_bucket(c, bucket)
        move(c, job, bucket, "booking", now, captured=booked)
    return [leg.bucket for leg in legs]


def balance_of(
    c: Connection, member: Member, now: datetime, defaults: Defaults, roles: Sequence[str]
) -> Balance:
    rule = effective_rule(c, member, roles, defaults)
    zone, period = zone_of(c, member.workspace, defaults), rule.allowance.period
    held, captured = used_in(c, member_bucket(member, period, now, zone))
    return Balance(
        rule.allowance,
        held=held,
        captured=captured,
        started_at=period_start(now, period, zone),
        resets_at=period_end(now, period, zone),
        scope=rule.scope,
        grants=tuple(live_grants(c, member, now)),
    )


def used_in(c: Connection, bucket: str) -> tuple[int, int]:
    """What a bucket holds: credits held, and credits captured."""
    row = c.execute(select(buckets).where(buckets.c.id == bucket)).one_or_none()
    return (row.held, row.captured) if row else (0, 0)


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
    return f"{member.workspace}|member|{member.id}|{_period_key(period, now, zone)}"


def grant_bucket(workspace: str, grant_id: str) -> str:
    return f"{workspace}|grant|{grant_id}"


def cap_bucket(workspace: str, scope: str, period: Period, now: datetime, zone: ZoneInfo) -> str:
    """The bucket of the workspace's budget, or of a channel's cap."""
    kind = "budget" if scope == "workspace" else f"channel|{scope.removeprefix('channel:')}"
    return f"{workspace}|{kind}|{_period_key(period, now, zone)}"


def bucket_kind(bucket: str) -> str:
    """member, grant, budget, channel, workspace or unreconciled."""
    return bucket.split("|")[1]


def _cap(workspace: str, rule: Rule, now: datetime, zone: ZoneInfo) -> _Account:
    period = rule.allowance.period
    bucket = cap_bucket(workspace, rule.scope, period, now, zone)
    return _Account(bucket, rule.allowance.credits, period_end(now, period, zone))


def _period_key(period: Period, now: datetime, zone: ZoneInfo) -> str:
    return f"{period}|{period_start(now, period, zone).astimezone(zone).date()}"


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


def move(
    c: Connection,
    job: Job,
    bucket: str,
    kind: str,
    now: datetime,
    held: int = 0,
    captured: int = 0,
) -> None:
    """Write an entry and add it to its bucket."""
    own = bucket_kind(bucket) in ("member", "grant")
    c.execute(
        insert(ledger).values(
            job=job.id,
            bucket=bucket,
            workspace=job.owner.workspace,
            member=job.owner.id if own else None,
            kind=kind,
            held=held,
            captured=captured,
            at=to_micros(now),
        )
    )
    c.execute(
        update(buckets)
        .where(buckets.c.id == bucket)
        .values(held=buckets.c.held + held, captured=buckets.c.captured + captured)
    )
