"""A workspace's budget over all of its members."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bot.credits import Allowance, period_start
from storage.jobs import find
from storage.ledger import Defaults, add_leg, budget_bucket, ensure_bucket, enter, is_budget
from storage.rows import to_micros
from storage.schema import buckets, holds, ledger


def begin_budget(
    c: Connection, workspace: str, budget: Allowance, now: datetime, defaults: Defaults
) -> None:
    """Count what the running period has seen so far, so that a new budget covers all of it."""
    bucket = budget_bucket(workspace, budget.period, now, defaults.zone)
    if c.execute(select(buckets.c.id).where(buckets.c.id == bucket)).one_or_none() is not None:
        return
    start = to_micros(period_start(now, budget.period, defaults.zone))
    spent = _spent_since(c, workspace, start)
    ensure_bucket(c, bucket)
    open_jobs = select(holds.c.job).where(holds.c.workspace == workspace, holds.c.open == 1)
    held = 0
    for job_id in c.execute(open_jobs).scalars().all():
        job = find(c, job_id)
        add_leg(c, job.id, bucket)
        enter(c, job, bucket, "hold", now, held=job.request.price)
        held += job.request.price
    if spent:
        _open_with(c, workspace, bucket, spent, now)
    c.execute(update(buckets).where(buckets.c.id == bucket).values(held=held, captured=spent))


def _spent_since(c: Connection, workspace: str, start: int) -> int:
    query = select(ledger.c.bucket, func.sum(ledger.c.captured).label("spent")).where(
        ledger.c.workspace == workspace, ledger.c.at >= start
    )
    rows = c.execute(query.group_by(ledger.c.bucket))
    return sum(row.spent for row in rows if not is_budget(row.bucket))


def _open_with(c: Connection, workspace: str, bucket: str, spent: int, now: datetime) -> None:
    c.execute(
        ledger.insert().values(
            job="",
            bucket=bucket,
            workspace=workspace,
            kind="opening",
            held=0,
            captured=spent,
            at=to_micros(now),
        )
    )
