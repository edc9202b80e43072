"""What was sent to a chat, in rows: so that a crash between sending and knowing sends nothing twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Receipt:
    """A message that is to be sent once; written down before it is sent.

    `key` names it within its workspace; `subject` is what its buttons and reactions are about (a
    job). `message` is the platform's own id of it, once that is known; `state` and `facts` are the
    platform's own notes.
    """

    workspace: str
    key: str
    channel: str
    begun_at: datetime
    subject: str | None = None
    state: str = ""
    message: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Receipts(Protocol):
    """Receipts in rows; each method is one transaction."""

    async def begin(self, receipt: Receipt) -> Receipt | None:
        """Write down what is about to be sent; returns the one with its key, if there was one."""
        ...

    async def note(self, receipt: Receipt, **changes: Any) -> Receipt:
        """Write down what came of it: `message`, `state`, `facts`."""
        ...

    async def move(self, receipt: Receipt, **changes: Any) -> Receipt:
        """Like `note`, but raises StaleJob where the receipt is not as it was read any more."""
        ...

    async def receipt(self, workspace: str, key: str) -> Receipt | None: ...

    async def recent(self, platform: str, since: datetime, after: str, limit: int) -> list[Receipt]:
        """The receipts of messages that have a subject, in the channels of the jobs since a moment;
        those whose ids come after `after`, the newest first."""
        ...

    async def of_message(self, workspace: str, channel: str, message: str) -> Receipt | None:
        """The receipt of a message; `channel` is without the thread."""
        ...
