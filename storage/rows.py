"""Between rows and values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Insert,
    RowMapping,
    Table,
    Text,
    any_,
    bindparam,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.jobs import Cause, Job, Member, State
from bot.requests import GenerationRequest, Media
from storage.clock import db_now

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTPUTS = TypeAdapter(tuple[Media, ...])


def to_micros(at: datetime) -> int:
    """A moment as columns hold it: microseconds since 1970, UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The moment that a column holds."""
    return _EPOCH + timedelta(microseconds=micros)


def moment(c: Connection) -> datetime:
    """Now, by the database's clock, which is the same for all replicas."""
    return from_micros(c.execute(select(db_now())).scalar_one())


def upsert(
    c: Connection,
    table: Table,
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    replace: bool = True,
) -> Insert:
    """Insert a row, or take over `values` (or leave all as it is) where its keys exist."""
    row = _insert(c, table).values(**keys, **values)
    if replace:
        return row.on_conflict_do_update(index_elements=list(keys), set_=dict(values))
    return row.on_conflict_do_nothing(index_elements=list(keys))


def insert_new(c: Connection, table: Table) -> Insert:
    """Insert rows, but for those that are there already."""
    return _insert(c, table).on_conflict_do_nothing()


def replacing(c: Connection, table: Table) -> Insert:
    """Insert rows, or take over their values where their keys exist."""
    row = _insert(c, table)
    new = {column.name: row.excluded[column.name] for column in table.c if not column.primary_key}
    return row.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)


def _insert(c: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if c.dialect.name == "postgresql" else sqlite.insert(table)


def among(c: Connection, column: Column[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a text is one of these: one statement on PostgreSQL, however many they are."""
    if c.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), ARRAY(Text)))
    return column.in_(values)


_TIMES = ("created_at", "due_at", "submitted_at", "started_at", "noticed_at", "finished_at")


def job_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """A job's fields as its columns hold them; a time may be so long from now."""
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, timedelta):
            values[name] = db_now() + value // timedelta(microseconds=1)
        elif name in _TIMES and value is not None:
            values[name] = to_micros(value)
        elif name == "outputs":
            values[name] = _OUTPUTS.dump_json(value, exclude_none=True).decode()
        elif name in ("cancel_requested", "told"):
            values[name] = int(value)
        else:
            values[name] = value
    return values


def new_job_values(job: Job) -> dict[str, Any]:
    """The columns of a job that has just come to be; the others have their tables' defaults."""
    return {
        "id": job.id,
        "workspace": job.owner.workspace,
        "member": job.owner.id,
        "channel": job.channel,
        "request": job.request.to_json(),
        "model": job.request.model,
        "duration": job.request.duration,
        "state": job.state.value,
        "cause": job.cause.value,
        "parent": job.parent,
        "created_at": to_micros(job.created_at),
        "accepted_by": job.accepted_by,
    }


def job_of(row: RowMapping) -> Job:
    """The job that a row holds."""
    times = {name: from_micros(row[name]) for name in _TIMES if row[name] is not None}
    return Job(
        seq=row["seq"],
        id=row["id"],
        owner=Member(row["workspace"], row["member"]),
        channel=row["channel"],
        request=GenerationRequest.from_json(row["request"]),
        state=State(row["state"]),
        cause=Cause(row["cause"]),
        parent=row["parent"],
        attempts=row["attempts"],
        task_id=row["task_id"],
        cancel_requested=bool(row["cancel_requested"]),
        outputs=_OUTPUTS.validate_json(row["outputs"]) if row["outputs"] else (),
        cost=row["cost"],
        charged=row["charged"],
        failure=row["failure"],
        card=row["card"],
        result=row["result"],
        told=bool(row["told"]),
        accepted_by=row["accepted_by"],
        holder=row["holder"],
        fence=row["fence"],
        **times,
    )
