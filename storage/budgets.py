"""Caps over several members: a workspace's budget, and a channel's cap."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, not_, or_, select

from bot.credits import Allowance, period_start
from storage.entries import adjust, cap_bucket, count_hold, ensure_bucket, own_buckets, used_in
from storage.jobs import find
from storage.rows import to_micros
from storage.rules import Defaults, rules_of, zone_of
from storage.schema import hold_legs, holds, jobs, ledger
from storage.standings import CLOCKS


def begin_cap(
    c: Connection, workspace: str, scope: str, cap: Allowance, now: datetime, defaults: Defaults
) -> None:
    """Bring a cap's bucket up to all that the running period has seen, counted there or not.

    The workspace stands still meanwhile.
    """
    zone = zone_of(c, workspace, defaults)
    bucket = cap_bucket(workspace, scope, cap.period, now, zone)
    channel = scope.removeprefix("channel:") if scope != "workspace" else None
    start = period_start(now, cap.period, zone)
    ensure_bucket(c, bucket)
    _, counted = used_in(c, bucket)
    missing = max(0, _spent_since(c, workspace, channel, start) - counted)
    adjust(c, workspace, None, bucket, "opening", missing, now)
    for job_id in _uncounted_jobs(c, workspace, channel, bucket):
        job = find(c, job_id)
        count_hold(c, job_id, job.owner, bucket, job.request.price, now)


def begin_caps(c: Connection, workspace: str, now: datetime, defaults: Defaults) -> None:
    """The same for all caps of a workspace, whose periods begin at another moment now."""
    for _, rule in rules_of(c, workspace):
        if rule.is_cap:
            begin_cap(c, workspace, rule.scope, rule.allowance, now, defaults)


def _uncounted_jobs(c: Connection, workspace: str, channel: str | None, bucket: str) -> list[str]:
    """Jobs at work that the cap does not count yet."""
    counted = exists().where(hold_legs.c.job == holds.c.job, hold_legs.c.bucket == bucket)
    query = (
        select(holds.c.job)
        .join(jobs, jobs.c.id == holds.c.job)
        .where(holds.c.workspace == workspace, holds.c.open == 1, not_(counted))
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    return list(c.execute(query).scalars())


def _is_in(channel: str) -> ColumnElement[bool]:
    """Jobs of a channel and of its threads."""
    in_thread = jobs.c.channel.startswith(f"{channel}/", autoescape=True)
    return or_(jobs.c.channel == channel, in_thread)


def _spent_since(c: Connection, workspace: str, channel: str | None, start: datetime) -> int:
    """What members and the workspace itself have paid for the period's jobs; no cap's entries."""
    query = (
        select(func.coalesce(func.sum(ledger.c.captured), 0))
        .join(jobs, jobs.c.id == ledger.c.job)
        .where(
            ledger.c.workspace == workspace,
            ledger.c.at >= to_micros(start - CLOCKS),
            jobs.c.created_at >= to_micros(start),
            or_(ledger.c.member.is_not(None), ledger.c.bucket.in_(own_buckets(workspace))),
        )
    )
    if channel is not None:
        query = query.where(_is_in(channel))
    spent: int = c.execute(query).scalar_one()
    return spent
