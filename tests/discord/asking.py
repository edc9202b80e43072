"""What a person does in Discord, and what the bot has answered to it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.discord import objects
from tests.discord.objects import Object

EPHEMERAL = 64


@dataclass
class Asked:
    """An interaction, its callback, and every message that belongs to it."""

    id: str
    token: str
    kind: int
    channel: str
    pressed: Object | None = None  # what a silent answer edits
    event: Object = field(default_factory=dict)  # so that it can be sent a second time
    began: float = field(default_factory=time.monotonic)
    callback: Object | None = None
    took: float = 0.0
    original: Object | None = None
    deleted: bool = False
    expired: bool = False
    followups: list[Object] = field(default_factory=list)

    @property
    def is_public(self) -> bool:
        data = (self.callback or {}).get("data") or {}
        return not (data.get("flags") or 0) & EPHEMERAL

    @property
    def private(self) -> list[Object]:
        """What only the person sees."""
        own = [self.original] if self.original is not None and not self.deleted else []
        shown = [*own, *self.followups]
        return [message for message in shown if message["flags"] & EPHEMERAL]

    @property
    def said(self) -> str:
        """The private words."""
        return "\n".join(
            m["content"] or "".join(e.get("description") or "" for e in m["embeds"])
            for m in self.private
            if not m.get("loading")
        )


def interaction(
    asked: Asked,
    who: Object,
    data: Object,
    channel: Object,
    permissions: int,
    own: int,
    message: Object | None,
) -> Object:
    """The event that tells the bot of it."""
    guild = channel.get("guild_id")
    in_guild = bool(guild)
    place: Object = {"guild_id": guild, "member": {**who, "permissions": str(permissions)}}
    return {
        "id": asked.id, "application_id": objects.APPLICATION, "type": asked.kind, "data": data,
        "token": asked.token, "version": 1, "channel": channel, "channel_id": channel["id"],
        "app_permissions": str(own), "locale": "en-US", "guild_locale": "en-US",
        "entitlements": [], "authorizing_integration_owners": {"0": guild or "0"},
        "attachment_size_limit": 500 * 1024 * 1024, "context": 0 if in_guild else 1,
        **(place if in_guild else {"user": who["user"]}),
        **({"message": message} if message else {}),
    }  # fmt: skip


def reaction(message: Object, emoji: str, who: Object, guild: str, *, burst: bool) -> Object:
    """The event that tells the bot of one."""
    return {
        "user_id": who["user"]["id"], "member": who, "guild_id": guild,
        "channel_id": message["channel_id"], "message_id": message["id"],
        "message_author_id": message["author"]["id"], "emoji": {"id": None, "name": emoji},
        "burst": burst, "type": int(burst),
    }  # fmt: skip


class Waiting:
    """Wakes who waits for something whenever anything has changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()

    async def tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Any, seconds: float = 30.0) -> Any:
        """What the condition gives once it is true."""
        async with asyncio.timeout(seconds), self._changed:
            while not (found := condition()):
                await self._changed.wait()
            return found
