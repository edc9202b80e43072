"""Where people are."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.jobs import Member
from bot.views import Card, Notice, Result

# Whether something was sent that a platform has only taken so far.
Landing = asyncio.Future[bool]
# Raises when what is about to be sent is no longer ours to send.
Confirm = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Subject:
    """Whom a quota is for: `kind` is member or role."""

    kind: str
    id: str
    name: str

    @property
    def scope(self) -> str:
        return f"{self.kind}:{self.id}"


class ChatPlatform(Protocol):
    """Where people are. Every sending method raises ChatError."""

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        """Show a card and return its message; the same key never makes a second one.

        `confirm` is awaited right before it is sent, unless it is the answer to a command.
        """
        ...

    async def update_card(
        self, channel: str, message: str, card: Card, confirm: Confirm
    ) -> Landing | None:
        """Edit a card; what it says of a job's end is shown when this returns.

        Where an edit has to wait for its turn, `confirm` is awaited when that has come, and what
        comes back is done when it was sent or given up.
        """
        ...

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        """Take a card back: the job has another one."""
        ...

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        """Post a result with its files and return its message; the same key never makes a second.

        `confirm` is awaited when everything is ready, right before the message is sent. The first
        try under a key need not look for a message of an earlier one.
        """
        ...

    async def notify(self, member: Member, channel: str, notice: Notice) -> None: ...

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        """Tell the admins, where they look; the same key never makes a second message.

        `channel` is the one that they have set, if they have.
        """
        ...

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None: ...

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        """The member or role that an admin means by a name, an id or a mention."""
        ...

    async def find_channel(self, workspace: str, text: str) -> str | None:
        """The channel of this workspace that is meant; None for one that we cannot see."""
        ...

    async def name_of(self, member: Member) -> str:
        """What people call somebody; the id where nobody can say."""
        ...

    async def offer_changed(self) -> None:
        """Other models are offered now: what people may choose from has changed."""
        ...

    async def roles_of(self, member: Member) -> Sequence[str]: ...
