"""Caps over several members: a workspace's budget, and a channel's cap."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from bot.credits import Allowance, period_start
from storage.jobs import find
from storage.ledger import add_leg, cap_bucket, ensure_bucket, move
from storage.rows import to_micros
from storage.rules import Defaults, zone_of
from storage.schema import buckets, hold_legs, holds, jobs, ledger

# A leg that was added later than the others stands behind them.
_LAST_PLACE = 1000


def begin_cap(
    c: Connection, workspace: str, scope: str, cap: Allowance, now: datetime, defaults: Defaults
) -> None:
    """Count what the running period has seen so far, so that a new cap covers all of it."""
    zone = zone_of(c, workspace, defaults)
    bucket = cap_bucket(workspace, scope, cap.period, now, zone)
    if c.execute(select(buckets.c.id).where(buckets.c.id == bucket)).one_or_none() is not None:
        return
    ensure_bucket(c, bucket)
    channel = scope.removeprefix("channel:") if scope != "workspace" else None
    start = to_micros(period_start(now, cap.period, zone))
    _open_with(c, workspace, bucket, _spent_since(c, workspace, channel, start), now)
    for job_id in _open_jobs(c, workspace, channel):
        job = find(c, job_id)
        place = _LAST_PLACE + len(_legs(c, job_id))
        add_leg(c, job_id, bucket, place, job.request.price, pays=False)
        move(c, job, bucket, "hold", now, held=job.request.price)


def _open_jobs(c: Connection, workspace: str, channel: str | None) -> list[str]:
    query = (
        select(holds.c.job)
        .join(jobs, jobs.c.id == holds.c.job)
        .where(holds.c.workspace == workspace, holds.c.open == 1)
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    return list(c.execute(query).scalars())


def _is_in(channel: str) -> ColumnElement[bool]:
    """Jobs of a channel and of its threads."""
    in_thread = jobs.c.channel.startswith(f"{channel}/", autoescape=True)
    return or_(jobs.c.channel == channel, in_thread)


def _legs(c: Connection, job_id: str) -> list[str]:
    return list(c.execute(select(hold_legs.c.bucket).where(hold_legs.c.job == job_id)).scalars())


def _spent_since(c: Connection, workspace: str, channel: str | None, start: int) -> int:
    """What members and the workspace itself have paid; the caps' own entries do not count."""
    query = (
        select(func.coalesce(func.sum(ledger.c.captured), 0))
        .join(jobs, jobs.c.id == ledger.c.job)
        .where(
            ledger.c.workspace == workspace,
            ledger.c.at >= start,
            ledger.c.bucket.not_like("%|budget|%"),
            ledger.c.bucket.not_like("%|channel|%"),
        )
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    spent: int = c.execute(query).scalar_one()
    return spent


def _open_with(c: Connection, workspace: str, bucket: str, spent: int, now: datetime) -> None:
    if not spent:
        return
    opening = {"job": "", "bucket": bucket, "workspace": workspace, "kind": "opening"}
    c.execute(insert(ledger).values(**opening, held=0, captured=spent, at=to_micros(now)))
    c.execute(update(buckets).where(buckets.c.id == bucket).values(captured=spent))
