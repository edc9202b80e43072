"""Every change to quotas, written down in the transaction that makes it."""

from sqlalchemy import Connection, RowMapping, insert, select

from bot.quotas import Change, Changed
from storage.quota_tables import changes
from storage.rows import from_micros, to_micros


def record(
    c: Connection,
    workspace: str,
    change: Change,
    action: str,
    subject: str,
    *,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Write a change down; `before` and `after` are for people to read."""
    c.execute(
        insert(changes).values(
            at=to_micros(change.at),
            workspace=workspace,
            by=change.by,
            action=action,
            subject=subject,
            before=before,
            after=after,
            why=change.why,
        )
    )


def history(c: Connection, workspace: str, subject: str | None, limit: int) -> list[Changed]:
    """The latest changes, of everything or of one subject, the newest first."""
    query = select(changes).where(changes.c.workspace == workspace)
    if subject is not None:
        query = query.where(changes.c.subject == subject)
    rows = c.execute(query.order_by(changes.c.seq.desc()).limit(limit)).mappings()
    return [_changed(row) for row in rows]


def _changed(row: RowMapping) -> Changed:
    change = Change(row["by"], from_micros(row["at"]), row["why"])
    return Changed(change, row["action"], row["subject"], row["before"], row["after"])
