"""What we may do in a channel, worked out from plain answers: no gateway has to tell of it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import discord


@dataclass(frozen=True)
class Overwrite:
    """What a channel allows and denies, to @everyone (the server's id), a role or a member."""

    id: int
    allow: int
    deny: int


@dataclass(frozen=True)
class Standing:
    """We in a server: our roles without @everyone, and what all of them allow before channels."""

    server: int
    member: int
    roles: Collection[int]
    base: discord.Permissions

    def permissions_in(self, overwrites: Sequence[Overwrite]) -> discord.Permissions:
        """What is left with a channel's overwrites; nothing is left out for being of no use.

        A category has no say: what it shares was copied into the channel.
        https://discord.com/developers/docs/topics/permissions#permission-overwrites
        """
        if self.base.administrator:
            return discord.Permissions.all()
        found = discord.Permissions(self.base.value)
        for ids in ((self.server,), self.roles, (self.member,)):
            _apply(found, [each for each in overwrites if each.id in ids])
        return found


def _apply(permissions: discord.Permissions, overwrites: Iterable[Overwrite]) -> None:
    # Of several roles, one that allows outweighs all that deny.
    allow = deny = 0
    for each in overwrites:
        allow |= each.allow
        deny |= each.deny
    permissions.handle_overwrite(allow=allow, deny=deny)
