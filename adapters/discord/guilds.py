"""What we need to know of a server, also of one whose shard another process has.

The gateway tells of our own servers a moment after it is open; jobs go on before that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.failures import translated
from adapters.discord.line import Line
from bot.errors import ChatError
from bot.ports import Clock

# For so long what was asked for is believed.
KNOWN_SECONDS = 300.0
MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Role:
    id: int
    name: str
    permissions: discord.Permissions


@dataclass(frozen=True)
class Guild:
    """A server: who owns it, its boost tier, its roles, and where its moderators are told things."""

    id: int
    owner: int
    tier: int
    roles: Sequence[Role]
    updates_channel: int | None

    @classmethod
    def seen(cls, guild: discord.Guild) -> "Guild":
        """As the gateway told it."""
        updates = guild.public_updates_channel
        roles = [Role(role.id, role.name, role.permissions) for role in guild.roles]
        owner, tier = guild.owner_id or 0, guild.premium_tier
        return cls(guild.id, owner, tier, roles, updates.id if updates else None)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Guild":
        """As Discord answers when it is asked; nothing is trusted to be there."""
        roles = [
            Role(
                int(role["id"]),
                str(role.get("name", "")),
                discord.Permissions(int(role.get("permissions", 0))),
            )
            for role in said.get("roles") or ()
        ]
        updates = said.get("public_updates_channel_id")
        return cls(
            int(said["id"]),
            int(said.get("owner_id") or 0),
            int(said.get("premium_tier") or 0),
            roles,
            int(updates) if updates else None,
        )


class Guilds:
    """Asks Discord where the gateway has not told."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._asked: dict[int, tuple[Guild, float]] = {}

    async def find(self, guild_id: int) -> Guild | None:
        """A server; None where Discord does not tell us of it."""
        client = await self._line.client()
        seen = client.get_guild(guild_id)
        if seen is not None and not seen.unavailable:
            return Guild.seen(seen)
        known = self._asked.get(guild_id)
        if known is not None and self._clock.monotonic() - known[1] < KNOWN_SECONDS:
            return known[0]
        try:
            async with translated():
                guild = Guild.read(await client.http.get_guild(guild_id, with_counts=False))
        except (ChatError, KeyError, ValueError):
            return None
        if len(self._asked) >= MOST_KNOWN:
            self._asked.clear()
        self._asked[guild_id] = guild, self._clock.monotonic()
        return guild
