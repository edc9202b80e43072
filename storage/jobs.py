"""Jobs in SQL: transitions and the questions that the core asks."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, not_, or_, select, tuple_, update

from bot.credits import Outcome, settle
from bot.errors import StaleJob
from bot.jobs import AT_RUNWAY, Job, Member, State
from bot.ports import Busy, ByMember, Once, Timing, Waiting
from storage import ledger, notices
from storage.replicas import is_held
from storage.rows import from_micros, job_of, job_values, to_micros, upsert
from storage.rules import Defaults
from storage.schema import jobs, once


def first_time(c: Connection, key: Once, job_id: str, now: datetime) -> bool:
    """Take a key; False when it was taken before."""
    values = {"at": to_micros(now), "job": job_id}
    if key.window is None:
        statement = upsert(c, once, {"key": key.key}, values, replace=False)
        return c.execute(statement).rowcount == 1
    # What was taken in the future was taken before a clock jumped back.
    expired = not_(once.c.at.between(to_micros(now - key.window), to_micros(now + key.window)))
    renewed = update(once).where(once.c.key == key.key, expired).values(**values)
    if c.execute(renewed).rowcount == 1:
        return True
    return c.execute(upsert(c, once, {"key": key.key}, values, replace=False)).rowcount == 1


def made_by(c: Connection, key: Once) -> str:
    """The job (or draft) that a key made."""
    made: str = c.execute(select(once.c.job).where(once.c.key == key.key)).scalar_one()
    return made


def find(c: Connection, job_id: str) -> Job:
    """A job; raises StaleJob where there is none."""
    job = find_or_none(c, job_id)
    if job is None:
        raise StaleJob(f"there is no job {job_id}")
    return job


_BY_ID = select(jobs).where(jobs.c.id == bindparam("job"))


def find_or_none(c: Connection, job_id: str) -> Job | None:
    """A job; None where there is none."""
    row = c.execute(_BY_ID, {"job": job_id}).mappings().one_or_none()
    return job_of(row) if row else None


def advance(c: Connection, job: Job, to: State, changes: dict[str, Any]) -> Job:
    """Move a job on, but only from the state it was read in, and only for whoever holds it."""
    job.moved(to)  # refuses a step that the life does not have
    return note_as_held(c, job, {"state": to.value, **changes})


def note(c: Connection, job_id: str, changes: dict[str, Any]) -> Job:
    """Write down something about a job that is no change of state."""
    c.execute(update(jobs).where(jobs.c.id == job_id).values(**job_values(changes)))
    return find(c, job_id)


def note_as_held(c: Connection, job: Job, changes: dict[str, Any]) -> Job:
    """Write down something about a job while it is as it was read, and whose it was then."""
    as_read = and_(jobs.c.state == job.state.value, jobs.c.fence == job.fence)
    statement = update(jobs).where(jobs.c.id == job.id, as_read).values(**job_values(changes))
    if c.execute(statement).rowcount != 1:
        raise StaleJob(f"job {job.id} is no longer {job.state}, or another replica's")
    return find(c, job.id)


def note_card(c: Connection, job_id: str, card: str) -> Job:
    """Write down where the card is, unless that is known already."""
    c.execute(update(jobs).where(jobs.c.id == job_id, jobs.c.card.is_(None)).values(card=card))
    return find(c, job_id)


def finish(
    c: Connection,
    job: Job,
    to: State,
    outcome: Outcome,
    now: datetime,
    cost: int | None,
    changes: dict[str, Any],
    defaults: Defaults,
) -> Job:
    """Move a job to its end and settle its hold in the same transaction."""
    settlement = settle(outcome, job.request.price, cost)
    moved = advance(
        c,
        job,
        to,
        {"finished_at": now, "cost": cost, "charged": settlement.captured, **changes},
    )
    account = "unreconciled" if outcome in _UNRECONCILED else "workspace"
    touched = ledger.settle_hold(c, job, settlement, now, account)
    if settlement.captured or settlement.booked:
        notices.record_marks(c, job, touched)
    notices.record_strike(c, job, changes.get("failure") or "", now, defaults.moderation)
    return moved


# Runway may or may not have charged for these: reconciliation finds out.
_UNRECONCILED = (Outcome.UNCERTAIN, Outcome.CANCELLED_WAITING, Outcome.GIVEN_UP)


def unfinished(c: Connection) -> list[Job]:
    """Every job that is at work, or whose end has not been told, the oldest first."""
    # Put in order here: asked for it, SQLite walks through every job that there ever was.
    return sorted(_jobs(c, select(jobs).where(jobs.c.told == 0)), key=lambda job: job.seq)


def active(c: Connection, workspace: str) -> list[Job]:
    """A workspace's jobs that are not over, the oldest first."""
    # Asked for the workspace, SQLite reads all that it ever made; the open ones of all are few.
    return [
        job for job in unfinished(c) if job.owner.workspace == workspace and not job.state.is_over
    ]


def recent(c: Connection, owner: Member, limit: int) -> list[Job]:
    """A member's latest jobs, the newest first."""
    query = select(jobs).where(jobs.c.workspace == owner.workspace, jobs.c.member == owner.id)
    return _jobs(c, query.order_by(jobs.c.seq.desc()).limit(limit))


# Made once: put together anew for every look at the queue, they would cost more than the answers.
_WAITING = (
    select(jobs.c.id, jobs.c.workspace, jobs.c.member, jobs.c.model, jobs.c.seq, jobs.c.due_at)
    .where(jobs.c.told == 0, jobs.c.state == State.QUEUED.value, not_(is_held(jobs.c.holder)))
    .order_by(jobs.c.seq)
)
_IS_TAKEN = and_(jobs.c.state == State.QUEUED.value, is_held(jobs.c.holder))
_IS_THERE = jobs.c.state.in_([state.value for state in AT_RUNWAY])
_HAS_A_PLACE = or_(_IS_THERE, _IS_TAKEN)
_BUSY = (
    select(jobs.c.model, func.count()).where(jobs.c.told == 0, _HAS_A_PLACE).group_by(jobs.c.model)
)
_QUEUED = jobs.alias("queued")
_WHOSE = (jobs.c.model, jobs.c.workspace, jobs.c.member)
_THEIRS = (
    select(*_WHOSE, func.count())
    .where(
        jobs.c.told == 0,
        _HAS_A_PLACE,
        # Not by the index of members: it holds all that they ever made.
        tuple_(jobs.c.model, jobs.c.workspace + "", jobs.c.member + "").in_(
            select(_QUEUED.c.model, _QUEUED.c.workspace, _QUEUED.c.member).where(
                _QUEUED.c.told == 0, _QUEUED.c.state == State.QUEUED.value
            )
        ),
    )
    .group_by(*_WHOSE)
)
_SENT = select(jobs.c.submitted_at).where(
    jobs.c.told == 0, _HAS_A_PLACE, jobs.c.model == bindparam("model")
)


def waiting(c: Connection) -> list[Waiting]:
    """Queued jobs that nobody is about to send."""
    member = cache(Member)
    return [
        Waiting(id_, member(where, who), model, seq, due if due is None else from_micros(due))
        for id_, where, who, model, seq, due in c.execute(_WAITING)
    ]


def busy(c: Connection) -> Busy:
    """How many jobs have a place at Runway, or are about to be sent there, by model."""
    return dict(c.execute(_BUSY).all())


def theirs(c: Connection) -> ByMember:
    """How many of them are of those whose jobs are queued for that model."""
    return {(model, Member(where, who)): n for model, where, who, n in c.execute(_THEIRS)}


def sent_at(c: Connection, model: str) -> list[datetime]:
    """When a model's jobs at Runway were sent there, of those that were."""
    found = c.execute(_SENT, {"model": model}).scalars()
    return [from_micros(at) for at in found if at is not None]


def timings(c: Connection, limit: int) -> list[Timing]:
    """How long the latest delivered jobs took at Runway, the oldest first."""
    query = (
        select(jobs.c.model, jobs.c.duration, jobs.c.started_at, jobs.c.noticed_at)
        .where(
            jobs.c.state == State.DELIVERED.value,
            jobs.c.started_at.is_not(None),
            jobs.c.noticed_at.is_not(None),
        )
        .order_by(jobs.c.finished_at.desc())
        .limit(limit)
    )
    rows = c.execute(query).all()
    return [
        Timing(row.model, row.duration, (row.noticed_at - row.started_at) / 1e6)
        for row in reversed(rows)
    ]


def _jobs(c: Connection, query: Any) -> list[Job]:
    return [job_of(row) for row in c.execute(query).mappings()]
