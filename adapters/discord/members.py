"""Who the people of a server are: their roles, and whether they are admins."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from adapters.discord.failures import translated
from adapters.discord.guilds import Guild, Guilds
from adapters.discord.line import Line
from adapters.discord.rights import is_admin
from bot.errors import ChatError
from bot.jobs import Member
from bot.ports import Clock, Subject

if TYPE_CHECKING:
    from discord.types.member import MemberWithUser

PLATFORM = "discord"
# For so long what a member's roles were is what they are.
ROLES_SECONDS = 300.0
# Members whose roles are remembered; beyond that all are asked for anew.
MOST_REMEMBERED = 50_000
_MENTION = re.compile(r"<@(?P<role>&)?!?(?P<id>\d{1,20})>")


def workspace_of(guild_id: int) -> str:
    return f"{PLATFORM}:{guild_id}"


def guild_id_of(workspace: str) -> int:
    return int(workspace.partition(":")[2])


@dataclass(frozen=True)
class _Roles:
    ids: tuple[str, ...]
    at: float


class Members:
    """Asks Discord, and remembers for a while what it said."""

    def __init__(self, line: Line, guilds: Guilds, clock: Clock, admins: Iterable[int]) -> None:
        self._line = line
        self._guilds = guilds
        self._clock = clock
        self._admins = frozenset(map(str, admins))
        self._roles: dict[Member, _Roles] = {}

    async def roles_of(self, member: Member) -> tuple[str, ...]:
        """The ids of a member's roles; none for who has left. Raises ChatError."""
        known = self._roles.get(member)
        if known is not None and self._clock.monotonic() - known.at < ROLES_SECONDS:
            return known.ids
        return await self.roles_now(member) or ()

    async def roles_now(self, member: Member) -> tuple[str, ...] | None:
        """The ids of a member's roles at this moment; None for who has left. Raises ChatError."""
        data = await self._ask(guild_id_of(member.workspace), int(member.id))
        if data is None:
            return None
        return self.remember(member, tuple(str(role) for role in data["roles"]))

    def remember(self, member: Member, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Take over what Discord has just said of a member's roles."""
        if len(self._roles) >= MOST_REMEMBERED:
            self._roles.clear()
        self._roles[member] = _Roles(roles, self._clock.monotonic())
        return roles

    def is_named_admin(self, member: Member, roles: Iterable[str]) -> bool:
        """Whether the operator has named this member, or one of its roles, as an admin."""
        return not self._admins.isdisjoint((member.id, *roles))

    async def is_admin(self, member: Member, roles: tuple[str, ...]) -> bool:
        """Whether a member manages the server, as its roles say, or is named as an admin."""
        if self.is_named_admin(member, roles):
            return True
        guild = await self._guilds.find(guild_id_of(member.workspace))
        if guild is None:
            return False
        if str(guild.owner) == member.id:
            return True
        # The role that everybody has bears the server's id.
        held = [role for role in guild.roles if str(role.id) in roles or role.id == guild.id]
        return any(is_admin(role.permissions) for role in held)

    async def name_of(self, member: Member) -> str:
        """What people call a member; the id where Discord does not say."""
        try:
            data = await self._ask(guild_id_of(member.workspace), int(member.id))
        except ChatError:
            data = None
        if data is None:
            return member.id
        user = data["user"]
        return data.get("nick") or user.get("global_name") or user.get("username") or member.id

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        """The member or role that is meant by a mention, an id, or a role's name."""
        guild = await self._guilds.find(guild_id_of(workspace))
        mention = _MENTION.fullmatch(text.strip())
        if mention is not None and not mention["role"]:
            return Subject("member", mention["id"], mention["id"])
        wanted = mention["id"] if mention else text.strip().lstrip("@").lower()
        for role in guild.roles if guild is not None else ():
            if wanted in (str(role.id), role.name.lower()):
                return Subject("role", str(role.id), role.name)
        if mention is not None:  # a role that is gone, unless we do not know the server's roles
            return Subject("role", wanted, wanted) if guild is None else None
        return Subject("member", wanted, wanted) if await self._is_member(guild, wanted) else None

    async def _is_member(self, guild: Guild | None, wanted: str) -> bool:
        if guild is None or not wanted.isdecimal():
            return False
        return await self._ask(guild.id, int(wanted)) is not None

    async def _ask(self, guild: int, member: int) -> "MemberWithUser | None":
        """What Discord says of a member; None for who is not in the server. Raises ChatError."""
        client = await self._line.client()
        try:
            async with translated():
                return await client.http.get_member(guild, member)
        except ChatError as error:
            if isinstance(error.__cause__, discord.NotFound):
                return None
            raise
