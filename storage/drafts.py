"""Drafts in SQL: each is decided once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from bot.drafts import Draft, DraftState
from bot.errors import TooManyQuestions
from bot.jobs import Cause, Member
from bot.requests import GenerationRequest
from storage.locks import serialise
from storage.rows import from_micros, to_micros
from storage.schema import DRAFT_OPEN, drafts


def save(c: Connection, draft: Draft) -> None:
    """Write a new draft down."""
    c.execute(
        insert(drafts).values(
            id=draft.id,
            workspace=draft.owner.workspace,
            member=draft.owner.id,
            channel=draft.channel,
            request=draft.request.to_json(),
            cause=draft.cause.value,
            parent=draft.parent,
            state=draft.state.value,
            expires_at=to_micros(draft.expires_at),
        )
    )


def find(c: Connection, draft_id: str) -> Draft | None:
    """A draft; None where there is no such one."""
    row = c.execute(select(drafts).where(drafts.c.id == draft_id)).mappings().one_or_none()
    return _draft(row) if row else None


def decide(
    c: Connection,
    draft_id: str,
    states: Sequence[DraftState],
    to: DraftState,
    by: str | None,
    expires_at: datetime | None = None,
) -> bool:
    """Move a draft on from one of `states`; False when somebody was faster."""
    values: dict[str, str | int | None] = {"state": to.value, "decided_by": by}
    if expires_at is not None:
        values["expires_at"] = to_micros(expires_at)
    held = drafts.c.state.in_([state.value for state in states])
    statement = update(drafts).where(drafts.c.id == draft_id, held).values(**values)
    return c.execute(statement).rowcount == 1


def ask(c: Connection, draft: Draft, most: int, expires_at: datetime) -> bool:
    """Put a refused draft before the admins; raises TooManyQuestions, False when it was decided."""
    serialise(c, f"asks|{draft.owner.workspace}|{draft.owner.id}")
    if not decide(c, draft.id, [DraftState.REFUSED], DraftState.ASKED, None, expires_at):
        return False
    if asked(c, draft.owner) > most:
        raise TooManyQuestions(most)
    return True


def asked(c: Connection, owner: Member) -> int:
    """How many of a member's drafts lie before the admins."""
    theirs = drafts.c.workspace == owner.workspace, drafts.c.member == owner.id
    query = select(func.count()).where(DRAFT_OPEN, *theirs, drafts.c.state == DraftState.ASKED)
    return c.execute(query).scalar_one()


def note_alert(c: Connection, draft_id: str, alert: str) -> None:
    """Write down which message asks the admins."""
    c.execute(update(drafts).where(drafts.c.id == draft_id).values(alert=alert))


def undecided(c: Connection) -> list[Draft]:
    """Every draft that may still become a job."""
    query = select(drafts).where(DRAFT_OPEN)
    return [_draft(row) for row in c.execute(query).mappings()]


def overdue(c: Connection, now: datetime) -> list[Draft]:
    """Open drafts whose time is up."""
    query = select(drafts).where(DRAFT_OPEN, drafts.c.expires_at <= to_micros(now))
    return [_draft(row) for row in c.execute(query).mappings()]


def _draft(row: RowMapping) -> Draft:
    return Draft(
        id=row["id"],
        owner=Member(row["workspace"], row["member"]),
        channel=row["channel"],
        request=GenerationRequest.from_json(row["request"]),
        cause=Cause(row["cause"]),
        parent=row["parent"],
        state=DraftState(row["state"]),
        expires_at=from_micros(row["expires_at"]),
        alert=row["alert"],
    )
