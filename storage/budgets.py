"""Caps over several members: a workspace's budget, and a channel's cap."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from bot.credits import Allowance, period_start
from storage.jobs import find
from storage.ledger import add_leg, cap_bucket, ensure_bucket, move, used_in
from storage.rows import to_micros
from storage.rules import Defaults, zone_of
from storage.schema import buckets, hold_legs, holds, jobs, ledger


def begin_cap(
    c: Connection, workspace: str, scope: str, cap: Allowance, now: datetime, defaults: Defaults
) -> None:
    """Bring a cap's bucket up to all that the running period has seen, counted there or not."""
    zone = zone_of(c, workspace, defaults)
    bucket = cap_bucket(workspace, scope, cap.period, now, zone)
    channel = scope.removeprefix("channel:") if scope != "workspace" else None
    start = to_micros(period_start(now, cap.period, zone))
    ensure_bucket(c, bucket)
    _, counted = used_in(c, bucket)
    _true_up(c, workspace, bucket, _spent_since(c, workspace, channel, start) - counted, now)
    for job_id in _uncounted_jobs(c, workspace, channel, bucket):
        job = find(c, job_id)
        add_leg(c, job_id, bucket, _next_place(c, job_id), job.request.price, pays=False)
        move(c, job, bucket, "hold", now, held=job.request.price)


def _uncounted_jobs(c: Connection, workspace: str, channel: str | None, bucket: str) -> list[str]:
    """Jobs at work that the cap does not count yet."""
    counted = select(hold_legs.c.job).where(hold_legs.c.bucket == bucket)
    query = (
        select(holds.c.job)
        .join(jobs, jobs.c.id == holds.c.job)
        .where(holds.c.workspace == workspace, holds.c.open == 1, holds.c.job.not_in(counted))
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    return list(c.execute(query).scalars())


def _is_in(channel: str) -> ColumnElement[bool]:
    """Jobs of a channel and of its threads."""
    in_thread = jobs.c.channel.startswith(f"{channel}/", autoescape=True)
    return or_(jobs.c.channel == channel, in_thread)


def _next_place(c: Connection, job_id: str) -> int:
    query = select(func.max(hold_legs.c.place)).where(hold_legs.c.job == job_id)
    last: int = c.execute(query).scalar_one()
    return last + 1


def _spent_since(c: Connection, workspace: str, channel: str | None, start: int) -> int:
    """What members and the workspace itself have paid for the period's jobs; no cap's entries."""
    query = (
        select(func.coalesce(func.sum(ledger.c.captured), 0))
        .join(jobs, jobs.c.id == ledger.c.job)
        .where(
            ledger.c.workspace == workspace,
            jobs.c.created_at >= start,
            ledger.c.bucket.not_like("%|budget|%"),
            ledger.c.bucket.not_like("%|channel|%"),
        )
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    spent: int = c.execute(query).scalar_one()
    return spent


def _true_up(c: Connection, workspace: str, bucket: str, missing: int, now: datetime) -> None:
    if missing <= 0:
        return
    at = to_micros(now)
    opening = {"job": f"at:{at}", "bucket": bucket, "workspace": workspace, "kind": "opening"}
    c.execute(insert(ledger).values(**opening, held=0, captured=missing, at=at))
    c.execute(
        update(buckets).where(buckets.c.id == bucket).values(captured=buckets.c.captured + missing)
    )
