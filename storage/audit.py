"""Looking over the books: what the ledger says, summed up."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, func, or_, select, union

from bot.jobs import Job, State
from bot.quotas import Usage
from storage.entries import own_buckets
from storage.rows import from_micros, job_of, to_micros
from storage.schema import allowances, holds, jobs, ledger


def workspaces(c: Connection) -> list[str]:
    """Every workspace that has a job or a rule."""
    query = union(select(jobs.c.workspace), select(allowances.c.workspace))
    return sorted(c.execute(query).scalars())


def captured_by_member(
    c: Connection, workspace: str, start: datetime, limit: int
) -> list[tuple[str, int]]:
    """What members of a workspace have paid since a moment, the most first."""
    total = func.sum(ledger.c.captured)
    query = (
        select(ledger.c.member, total)
        .where(
            ledger.c.workspace == workspace,
            ledger.c.at >= to_micros(start),
            ledger.c.member.is_not(None),
            ledger.c.kind == "capture",
        )
        .group_by(ledger.c.member)
        .having(total > 0)
        .order_by(total.desc(), ledger.c.member)
        .limit(limit)
    )
    return [(member, amount) for member, amount in c.execute(query)]


def usage_by_day(
    c: Connection, workspace: str, start: datetime, zone: ZoneInfo, limit: int
) -> list[Usage]:
    """What was paid for the jobs since a moment, by the day on which they were held.

    Of more than `limit` payments the latest are read.
    """
    booked = ledger.c.bucket.in_(own_buckets(workspace))
    query = (
        select(
            jobs.c.id,
            jobs.c.created_at,
            jobs.c.member,
            jobs.c.model,
            ledger.c.captured,
            ledger.c.member.is_(None).label("booked"),
        )
        .join(ledger, ledger.c.job == jobs.c.id)
        .where(
            ledger.c.workspace == workspace,
            ledger.c.at >= to_micros(start),
            jobs.c.created_at >= to_micros(start),
            or_(booked, and_(ledger.c.member.is_not(None), ledger.c.kind == "capture")),
        )
        .order_by(ledger.c.seq.desc())
        .limit(limit)
    )
    found: dict[tuple[date, str, str], _Sum] = {}
    for row in c.execute(query):
        day = from_micros(row.created_at).astimezone(zone).date()
        total = found.setdefault((day, row.member, row.model), _Sum())
        total.jobs.add(row.id)
        total.workspace_paid += row.captured if row.booked else 0
        total.paid += 0 if row.booked else row.captured
    return [
        Usage(*key, len(total.jobs), total.paid, total.workspace_paid)
        for key, total in sorted(found.items())
    ]


@dataclass
class _Sum:
    jobs: set[str] = field(default_factory=set)
    paid: int = 0
    workspace_paid: int = 0


# There is a task, and it costs the price where Runway does not say otherwise.
_AT_ITS_PRICE = (State.RUNNING, State.COLLECTING, State.DELIVERING, State.UNDELIVERABLE)


def charges_by_day(c: Connection, start: datetime) -> dict[tuple[date, str], int]:
    """What our jobs cost at Runway, by the UTC day they were sent and their model.

    A job that is under way counts with its price, as Runway charges when it makes a task; one whose
    outcome is unknown does not: that is what reconciliation is about.
    """
    price = case((jobs.c.state.in_(_AT_ITS_PRICE), holds.c.amount), else_=jobs.c.charged)
    query = (
        select(
            jobs.c.submitted_at, jobs.c.model, func.coalesce(jobs.c.cost, price, 0).label("cost")
        )
        .join(holds, holds.c.job == jobs.c.id)
        .where(jobs.c.submitted_at >= to_micros(start), jobs.c.task_id.is_not(None))
    )
    totals: dict[tuple[date, str], int] = {}
    for row in c.execute(query):
        day = from_micros(row.submitted_at).date()
        totals[day, row.model] = totals.get((day, row.model), 0) + row.cost
    return totals


def uncertain_since(c: Connection, start: datetime) -> list[Job]:
    """Jobs that may or may not have been made at Runway, the oldest first."""
    query = (
        select(jobs)
        .where(jobs.c.state == State.UNCERTAIN.value, jobs.c.finished_at >= to_micros(start))
        .order_by(jobs.c.seq)
    )
    return [job_of(row) for row in c.execute(query).mappings()]
