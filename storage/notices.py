"""What people are to be told once: marks that were reached, pauses for moderation, late jobs.

A notice is written in the transaction that makes it true, and taken away from the list when it has
been told, so that a crash in between loses none.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, false, insert, or_, select, update

from bot.jobs import Job, Member
from bot.ports import Untold
from bot.quotas import Change, Moderation, crossed, paused_until
from storage import changes
from storage.entries import bucket_kind, used_in
from storage.quota_tables import chores
from storage.rows import from_micros, to_micros, upsert
from storage.rules import rule_of
from storage.schema import holds, notices, strikes

_REFUSED = "SAFETY"


def record_marks(c: Connection, job: Job, touched: Sequence[str]) -> None:
    """Note which marks of the member's allowance and of the budget the job's capture reached."""
    allowance = c.execute(select(holds.c.allowance).where(holds.c.job == job.id)).scalar_one()
    budget = rule_of(c, job.owner.workspace, "workspace")
    limits = {
        "member": allowance,
        "budget": budget.allowance.credits if budget else None,
    }
    for bucket in touched:
        kind = bucket_kind(bucket)
        if kind in limits:
            _, captured = used_in(c, bucket)
            member = job.owner.id if kind == "member" else None
            _record_reached(c, job, bucket, member, captured, limits[kind])


def _record_reached(
    c: Connection, job: Job, bucket: str, member: str | None, used: int, limit: int | None
) -> None:
    """Only the highest mark that is new is told; the lower ones count as told with it."""
    fresh = []
    for mark in crossed(used, limit):
        facts = {"percent": mark, "used": used, "limit": limit}
        if _record(c, f"mark|{bucket}|{mark}", job, member, "mark", facts):
            fresh.append(mark)
    for mark in fresh[:-1]:
        mark_told(c, f"mark|{bucket}|{mark}")


def record_strike(c: Connection, job: Job, failure: str, now: datetime, rules: Moderation) -> None:
    """Count a refusal by Runway's moderation, and note the pause that it may begin."""
    if _REFUSED not in failure:
        return
    row = {"workspace": job.owner.workspace, "member": job.owner.id, "at": to_micros(now)}
    c.execute(insert(strikes).values(job=job.id, **row))
    until = paused_until(strikes_of(c, job.owner, now, rules), rules, now)
    if until is not None:
        facts = {"until": until.isoformat(), "who": job.owner.id, "strikes": rules.strikes}
        _record(c, f"paused|{job.id}|member", job, job.owner.id, "paused", facts)
        _record(c, f"paused|{job.id}|admins", job, None, "paused", facts)


def record_late(c: Connection, job: Job, seconds: float) -> None:
    """Note, once, that a job has been at work for strikingly long."""
    facts = {
        "job": job.id,
        "who": job.owner.id,
        "model": job.request.model,
        "minutes": round(seconds / 60),
    }
    _record(c, f"late|{job.id}", job, None, "late", facts)


def strikes_of(c: Connection, member: Member, now: datetime, rules: Moderation) -> list[datetime]:
    """The strikes that can still matter, the oldest first."""
    query = (
        select(strikes.c.at)
        .where(
            strikes.c.workspace == member.workspace,
            strikes.c.member == member.id,
            strikes.c.at >= to_micros(now - rules.window - rules.pause),
        )
        .order_by(strikes.c.at)
    )
    return [from_micros(at) for at in c.execute(query).scalars()]


def pardon(c: Connection, member: Member, change: Change, rules: Moderation) -> None:
    """Forget a member's strikes."""
    known = strikes_of(c, member, change.at, rules)
    until = paused_until(known, rules, change.at)
    c.execute(
        delete(strikes).where(
            strikes.c.workspace == member.workspace, strikes.c.member == member.id
        )
    )
    before = f"{len(known)} refused"
    if until is not None:
        before += f", paused until {until:%Y-%m-%d %H:%M} UTC"
    scope = f"member:{member.id}"
    changes.record(c, member.workspace, change, "pardon", scope, before=before, after="0 refused")


def books_looked_at(c: Connection) -> str | None:
    """The last day for which the books were compared."""
    return c.execute(select(chores.c.day).where(chores.c.name == "books")).scalar_one_or_none()


def note_books(c: Connection, day: str, told: Mapping[str, str]) -> None:
    """Write down that the books were compared, and what admins are to be told of it, each once."""
    c.execute(upsert(c, chores, {"name": "books"}, {"day": day}))
    for workspace, facts in told.items():
        values = {"workspace": workspace, "member": None, "channel": "", "kind": "books"}
        row = {**values, "facts": facts, "told": 0}
        c.execute(upsert(c, notices, {"key": f"books|{workspace}|{day}"}, row, replace=False))


def untold(c: Connection, platforms: Collection[str], limit: int) -> list[Untold]:
    """Notices that are still to be told on these platforms, at most `limit`."""
    theirs = [notices.c.workspace.startswith(f"{name}:", autoescape=True) for name in platforms]
    query = select(notices).where(notices.c.told == 0, or_(false(), *theirs))
    query = query.order_by(notices.c.key).limit(limit)
    return [
        Untold(row.key, row.workspace, row.member, row.channel, row.kind, json.loads(row.facts))
        for row in c.execute(query)
    ]


def mark_told(c: Connection, key: str) -> None:
    """Take a notice off the list."""
    c.execute(update(notices).where(notices.c.key == key).values(told=1))


def _record(
    c: Connection, key: str, job: Job, member: str | None, kind: str, facts: dict[str, Any]
) -> bool:
    values = {
        "workspace": job.owner.workspace,
        "member": member,
        "channel": job.channel,
        "kind": kind,
        "facts": json.dumps(facts),
        "told": 0,
    }
    return c.execute(upsert(c, notices, {"key": key}, values, replace=False)).rowcount == 1
