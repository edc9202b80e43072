"""What people did in a chat, in rows: so that nothing is honoured twice, whichever process hears of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol


class EventLog(Protocol):
    """An event is a platform's id of what a person did. Each method is one transaction."""

    async def honoured(
        self,
        workspace: str,
        events: Sequence[str],
        between: tuple[datetime, datetime] | None = None,
    ) -> set[str]:
        """Those of the events that something was done for, or that were refused; ever, or then."""
        ...

    async def note(self, workspace: str, event: str, now: datetime) -> None:
        """Write down that nothing more is to be done for an event."""
        ...

    async def first(self, workspace: str, event: str, replica: str, now: datetime) -> str:
        """The replica that was told of an event first: this one, unless another was."""
        ...

    async def claim(self, key: str, window: timedelta, now: datetime) -> bool:
        """Take what may be had once in a window, by whichever process; False when it is taken."""
        ...

    async def began(self, key: str, now: datetime) -> datetime:
        """When this was asked for the first time."""
        ...

    async def job_of(self, workspace: str, message: str) -> str | None:
        """The id of the job whose card or result a message is."""
        ...

    async def recent(
        self, platform: str, since: datetime, limit: int
    ) -> list[tuple[str, str, str]]:
        """Workspace, job and message of the results since a moment, and of the cards at work."""
        ...
