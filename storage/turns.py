"""Who carries which job: turns at Runway given out over all replicas together, and take-overs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, not_, or_, select, tuple_, update

from bot.dispatcher import admit, order
from bot.errors import StaleJob
from bot.jobs import Job, Member, State
from bot.ports import ByMember, Lines, ModelLimits, Waiting
from storage import jobs
from storage.clock import db_now
from storage.locks import serialise
from storage.replica_tables import turns
from storage.replicas import is_held, lives
from storage.rows import job_of, job_values, moment, upsert
from storage.schema import jobs as table


def take_turns(c: Connection, replica: str, limits: Mapping[str, ModelLimits]) -> list[Job]:
    """Give this replica the jobs that may go to Runway now, in turn and within the limits."""
    serialise(c, "turns")
    if not c.execute(select(lives(replica))).scalar_one():
        return []
    waiting, busy, theirs, served, now = lines(c)
    queues = order(waiting, theirs, served)
    taken: list[Job] = []
    for job in admit(queues, busy, limits, now):
        _note_turn(c, job)
        taken += _take(c, [job.id], replica)
    return taken


def take_over(c: Connection, replica: str, most: int) -> list[Job]:
    """Give this replica jobs that are under way and nobody's: their holder is dead."""
    free = (
        select(table.c.id)
        .where(table.c.told == 0, table.c.state != State.QUEUED.value, _is_free(), lives(replica))
        # In the order of the index: for another, SQLite walks through every job that there ever was.
        .order_by(table.c.state, table.c.seq)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return _take(c, c.execute(free).scalars().all(), replica)


def release(c: Connection, job: Job, changes: Mapping[str, Any]) -> None:
    """Let go of a queued job with these changes, unless somebody else has it by now."""
    held = update(table).where(
        table.c.id == job.id, table.c.fence == job.fence, table.c.state == State.QUEUED.value
    )
    c.execute(held.values(holder=None, **job_values(changes)))


def confirm(c: Connection, job: Job, replica: str) -> None:
    """Raise StaleJob unless this replica has the job as it was read, and its lease runs."""
    query = select(table.c.id).where(
        table.c.id == job.id,
        table.c.state == job.state.value,
        table.c.fence == job.fence,
        table.c.holder == replica,
        is_held(table.c.holder),
    )
    if c.execute(query).one_or_none() is None:
        raise StaleJob(f"job {job.id} is another replica's now")


def to_cancel(c: Connection, replica: str) -> list[Job]:
    """This replica's running jobs that somebody wants cancelled."""
    query = select(table).where(
        table.c.told == 0,
        table.c.holder == replica,
        table.c.state == State.RUNNING.value,
        table.c.cancel_requested == 1,
    )
    return [job_of(row) for row in c.execute(query).mappings()]


def held(c: Connection, replica: str) -> list[str]:
    """The ids of all jobs that are this replica's."""
    query = select(table.c.id).where(table.c.told == 0, table.c.holder == replica)
    return list(c.execute(query).scalars())


def lines(c: Connection) -> Lines:
    """The queue as it is at this moment."""
    waiting = jobs.waiting(c)
    if not waiting:
        return Lines([], {}, {}, {}, moment(c))
    return Lines(waiting, jobs.busy(c), jobs.theirs(c), _served(c), moment(c))


# Of those who wait: everybody who ever had a turn may be many.
_OF = (turns.c.model, turns.c.workspace, turns.c.member)
_SERVED = select(*_OF, turns.c.turn).where(
    tuple_(*_OF).in_(
        select(table.c.model, table.c.workspace, table.c.member).where(
            table.c.told == 0, table.c.state == State.QUEUED.value
        )
    )
)


def _served(c: Connection) -> ByMember:
    return {(model, Member(where, who)): turn for model, where, who, turn in c.execute(_SERVED)}


def _is_free() -> ColumnElement[bool]:
    return or_(table.c.holder.is_(None), not_(is_held(table.c.holder)))


def _take(c: Connection, ids: Sequence[str], replica: str) -> list[Job]:
    if not ids:
        return []
    taken = update(table).where(table.c.id.in_(ids))
    c.execute(taken.values(holder=replica, fence=table.c.fence + 1, taken_at=db_now()))
    rows = c.execute(select(table).where(table.c.id.in_(ids))).mappings()
    found = {row["id"]: job_of(row) for row in rows}
    return [found[job_id] for job_id in ids]


def _note_turn(c: Connection, waiting: Waiting) -> None:
    newest = c.execute(select(func.max(turns.c.turn))).scalar() or 0
    keys = {
        "model": waiting.model,
        "workspace": waiting.owner.workspace,
        "member": waiting.owner.id,
    }
    c.execute(upsert(c, turns, keys, {"turn": newest + 1}))
