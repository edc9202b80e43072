"""Quotas and drafts in rows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.credits import Balance, Statement
from bot.drafts import Draft, DraftState
from bot.jobs import Job, Member
from bot.ports.storage import Once
from bot.quotas import Change, Changed, Rule, Settings, Usage


class QuotaStorage(Protocol):
    """What admins set, and where everybody stands. Each method is one transaction.

    A `scope` is `member:<id>`, `role:<id>`, `default`, `workspace` or `channel:<id>`.
    """

    async def balance(
        self, member: Member, now: datetime, roles: Sequence[str] = ()
    ) -> Balance: ...
    async def statement(
        self, member: Member, now: datetime, roles: Sequence[str], limit: int
    ) -> Statement:
        """A member's balance with all that makes it up; at most `limit` entries, the newest first."""
        ...

    async def budget(self, workspace: str, scope: str, now: datetime) -> Balance | None:
        """Where the workspace's budget or a channel's cap stands; None where there is none."""
        ...

    async def usage(self, workspace: str, start: datetime, limit: int) -> list[tuple[str, int]]:
        """What members have used since a moment, the most first."""
        ...

    async def rules(self, workspace: str | None) -> list[tuple[str, Rule]]: ...
    async def set_rules(
        self, rules: Sequence[tuple[str, Rule]], change: Change, action: str = "set"
    ) -> None:
        """Set the rules of workspaces, all or none."""
        ...

    async def clear_rule(self, workspace: str, scope: str, change: Change) -> bool:
        """Take a rule away; False when there was none."""
        ...

    async def grant(
        self,
        member: Member,
        credits: int,
        expires_at: datetime | None,
        change: Change,
        once: Sequence[Once] = (),
    ) -> None:
        """Give credits on top; nothing where an equal `once` gave them before."""
        ...

    async def revoke(self, member: Member, credits: int | None, change: Change) -> int:
        """Take so many granted credits back, or all that is left; how many it were.

        Raises NothingGranted or TooMuchToRevoke.
        """
        ...

    async def reset(self, member: Member, change: Change, roles: Sequence[str] = ()) -> int:
        """Let a member start anew in this period; the credits that had been used of it."""
        ...

    async def pardon(self, member: Member, change: Change) -> None: ...
    async def changed(self, workspace: str, subject: str | None, limit: int) -> list[Changed]:
        """The latest changes, of everything or of one scope, the newest first."""
        ...

    async def settings(self, workspace: str) -> Settings: ...
    async def change_settings(
        self, workspace: str, new: Mapping[str, str | int | None], change: Change
    ) -> None:
        """Set `time_zone`, `alert_channel` or `confirm_above`; None is what is configured."""
        ...

    async def balance_after(
        self, job: Job, captured: int, now: datetime, roles: Sequence[str] = ()
    ) -> Balance:
        """Where a job's owner will stand when its hold has been settled with `captured`."""
        ...

    async def report(self, workspace: str, start: datetime, limit: int) -> list[Usage]:
        """What was used since a moment, by day, member and model."""
        ...

    async def workspaces(self) -> list[str]:
        """Every workspace that has a job or a rule."""
        ...

    async def zone(self, workspace: str) -> ZoneInfo: ...
    async def charges(self, start: datetime) -> Mapping[tuple[date, str], int]:
        """What our jobs cost at Runway, by UTC day and model."""
        ...

    async def uncertain(self, start: datetime) -> list[Job]: ...
    async def books_looked_at(self) -> str | None:
        """The last day for which our books were compared with Runway's, as in 2026-03-31."""
        ...

    async def note_books(self, day: str, told: Mapping[str, str]) -> None:
        """Write down that it was done, with what each workspace's admins are to be told of it."""
        ...


class DraftStorage(Protocol):
    """Requests that wait for a person's word. Each method is one transaction."""

    async def save_draft(self, draft: Draft, once: Sequence[Once], now: datetime) -> Draft:
        """Keep a draft; returns the one that an equal `once` made before, if there is one."""
        ...

    async def draft(self, draft_id: str) -> Draft | None: ...
    async def note_alert(self, draft_id: str, alert: str) -> None: ...
    async def open_drafts(self) -> list[Draft]: ...
    async def overdue_drafts(self, now: datetime) -> list[Draft]: ...
    async def decide(
        self,
        draft_id: str,
        states: Sequence[DraftState],
        to: DraftState,
        by: str | None,
        expires_at: datetime | None = None,
    ) -> bool:
        """Move a draft on; False when somebody was faster."""
        ...

    async def ask_draft(self, draft: Draft, most: int, expires_at: datetime) -> bool:
        """Put a refused draft before the admins; False when somebody was faster.

        Raises TooManyQuestions where `most` of its owner's lie there.
        """
        ...

    async def run_draft(
        self, draft: Draft, job: Job, now: datetime, roles: Sequence[str]
    ) -> Job | None:
        """Decide a draft and accept its job, together; None when somebody was faster."""
        ...

    async def deny_draft(self, draft: Draft, change: Change) -> bool:
        """An admin says no; False when somebody was faster."""
        ...

    async def approve_draft(
        self, draft: Draft, job: Job, change: Change, raise_by: int, roles: Sequence[str]
    ) -> tuple[Job, int] | None:
        """Decide, grant `raise_by` credits, or more where more is lacking, and accept, together.

        The job and what was granted; None when somebody was faster.
        """
        ...
