"""Credits in SQL: holds, captures, releases and bookings, each exactly once per job."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, bindparam, select, update

from bot.credits import Balance, Grant, Movement, Settlement, period_end, period_start
from bot.jobs import Job, Member
from bot.quotas import Change
from storage import changes, standings
from storage.entries import (
    bucket_kind,
    ensure_bucket,
    grant_bucket,
    move,
    own_bucket,
)
from storage.locks import serialise
from storage.rows import from_micros
from storage.rules import Defaults, effective_rule, live_grants, rely_on_caps, zone_of
from storage.schema import hold_legs, holds, ledger
from storage.standings import account_of, used_by

_CAPS = ("budget", "channel")
_ORDER = ("member", "grant", *_CAPS)
_MOVEMENTS = (
    select(ledger)
    .where(ledger.c.workspace == bindparam("workspace"), ledger.c.member == bindparam("member"))
    .order_by(ledger.c.at.desc(), ledger.c.seq.desc())
    .limit(bindparam("most"))
)
_OPEN_HOLDS = select(holds.c.job, holds.c.amount).where(
    holds.c.workspace == bindparam("workspace"),
    holds.c.member == bindparam("member"),
    holds.c.open == 1,
)


def shortfall(
    c: Connection, job: Job, now: datetime, defaults: Defaults, roles: Sequence[str]
) -> int:
    """Credits that the member lacks for a job; nothing else of theirs is accepted meanwhile."""
    rely_on_caps(c, job.owner.workspace)
    serialise(c, f"member|{job.owner.workspace}|{job.owner.id}")
    left = balance_of(c, job.owner, now, defaults, roles).left
    return 0 if left is None else max(0, job.request.price - left)


def settle_hold(
    c: Connection, job: Job, settlement: Settlement, now: datetime, account: str
) -> list[str]:
    """Capture what the member pays, release the rest, and book what the workspace pays.

    Returns the buckets that the hold was counted in.
    """
    closed = update(holds).where(holds.c.job == job.id, holds.c.open == 1).values(open=0)
    c.execute(closed.returning(holds.c.amount)).one()
    booked = settlement.booked
    told = []
    for leg, captured in sorted(_divided(c, job.id, settlement.captured), key=_turn):
        is_cap = bucket_kind(leg.bucket) in _CAPS
        entry = partial(move, c, job.id, job.owner, leg.bucket, now=now, pays=bool(leg.pays))
        if captured:
            entry("capture", held=-captured, captured=captured)
        if leg.amount > captured:
            entry("release", held=captured - leg.amount)
        if booked and is_cap:
            entry("booking", captured=booked)
        if leg.pays or is_cap:
            told.append(leg.bucket)
    if booked:
        bucket = own_bucket(job.owner.workspace, account)
        ensure_bucket(c, bucket)
        move(c, job.id, job.owner, bucket, "booking", now, captured=booked)
    return told


def _turn(part: tuple[Row[Any], int]) -> tuple[int, str]:
    """Everybody takes buckets in this order, so that nobody waits in a circle.

    A leg's place says less: what began to count later comes last there.
    """
    bucket = part[0].bucket
    return _ORDER.index(bucket_kind(bucket)), bucket


def _divided(c: Connection, job_id: str, captured: int) -> list[tuple[Row[Any], int]]:
    """The legs of a hold, and what is captured in each of them.

    Those that pay share it; the others (caps, and periods that began to apply later) each see all
    that concerns them.
    """
    query = select(hold_legs).where(hold_legs.c.job == job_id).order_by(hold_legs.c.place)
    divided, unpaid = [], captured
    for leg in c.execute(query):
        part = min(unpaid if leg.pays else captured, leg.amount)
        unpaid -= part if leg.pays else 0
        divided.append((leg, part))
    return divided


def balance_of(
    c: Connection, member: Member, now: datetime, defaults: Defaults, roles: Sequence[str]
) -> Balance:
    """Where a member stands in the running period."""
    rule = effective_rule(c, member, roles, defaults)
    zone, period = zone_of(c, member.workspace, defaults), rule.allowance.period
    held, captured = used_by(c, account_of(member, period, now, zone))
    return Balance(
        rule.allowance,
        held=held,
        captured=captured,
        started_at=period_start(now, period, zone),
        resets_at=period_end(now, period, zone),
        scope=rule.scope,
        grants=tuple(live_grants(c, member, now)),
    )


def balance_after(
    c: Connection,
    job: Job,
    captured: int,
    now: datetime,
    defaults: Defaults,
    roles: Sequence[str],
) -> Balance:
    """Where a job's owner will stand when its hold has been settled with `captured` credits."""
    balance = balance_of(c, job.owner, now, defaults, roles)
    query = select(holds.c.open).where(holds.c.job == job.id)
    if c.execute(query).scalar_one_or_none() != 1:
        return balance
    paying = {leg.bucket: (leg, part) for leg, part in _divided(c, job.id, captured) if leg.pays}
    grants = [
        _after(grant, paying[bucket][0].amount, paying[bucket][1])
        if (bucket := grant_bucket(job.owner.workspace, grant.id)) in paying
        else grant
        for grant in balance.grants
    ]
    own, part = next(iter(paying.values()))
    if job.created_at < balance.started_at:
        return replace(balance, grants=tuple(grants))  # it was held in a period that is over
    return replace(
        balance,
        held=balance.held - own.amount,
        captured=balance.captured + part,
        grants=tuple(grants),
    )


def _after(grant: Grant, held: int, captured: int) -> Grant:
    """A grant when so much of what is held of it has been let go, and so much of that captured."""
    return replace(grant, held=grant.held - held, left=grant.left + held - captured)


def begin_anew(
    c: Connection, member: Member, change: Change, defaults: Defaults, roles: Sequence[str]
) -> int:
    """Let a member's period count from now; the credits that had been used of it."""
    rely_on_caps(c, member.workspace)
    serialise(c, f"member|{member.workspace}|{member.id}")
    period = effective_rule(c, member, roles, defaults).allowance.period
    zone = zone_of(c, member.workspace, defaults)
    used = standings.begin_anew(c, account_of(member, period, change.at, zone), change.at)
    words = {"before": f"{used} used", "after": "0 used"}
    scope = f"member:{member.id}"
    changes.record(c, member.workspace, change, "reset", scope, **words)
    return used


def movements_of(c: Connection, member: Member, limit: int) -> list[Movement]:
    """The member's latest entries, the newest first."""
    whose = {"workspace": member.workspace, "member": member.id, "most": limit}
    rows = c.execute(_MOVEMENTS, whose).mappings()
    return [_movement(row) for row in rows]


def open_holds_of(c: Connection, member: Member) -> list[tuple[str, int]]:
    """A member's jobs that hold credits, and how many."""
    whose = {"workspace": member.workspace, "member": member.id}
    return [(row.job, row.amount) for row in c.execute(_OPEN_HOLDS, whose)]


def _movement(row: RowMapping) -> Movement:
    amount = {"hold": row["held"], "release": -row["held"]}.get(row["kind"], row["captured"])
    return Movement(from_micros(row["at"]), row["kind"], amount, row["job"])
