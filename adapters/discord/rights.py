"""Who may what: our own permissions in a channel, and who counts as an admin."""

from collections.abc import Mapping

import discord

from bot.errors import Refused

# What a card and a result need, and how Discord's settings call it. Threads have their own for
# sending (https://discord.com/developers/docs/topics/permissions); history is for replies.
_NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
_IN_THREADS = {"send_messages_in_threads": "Send Messages in Threads"}


class NotPermitted(Refused):
    """We may not do in a channel what a job there needs; `missing` as Discord's settings name it."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def check_own(permissions: discord.Permissions, *, thread: bool) -> None:
    """Refuse, before anything is held, where a result could not be shown; raises NotPermitted."""
    needed = {name: label for name, label in _NEEDED.items() if name != "send_messages"}
    needed |= _IN_THREADS if thread else {"send_messages": _NEEDED["send_messages"]}
    if missing := _missing(permissions, needed):
        raise NotPermitted(missing)


def missing_own(permissions: discord.Permissions) -> list[str]:
    """What we lack for jobs in a channel and in its threads, as Discord's settings name it."""
    return _missing(permissions, _NEEDED | _IN_THREADS)


def _missing(permissions: discord.Permissions, needed: Mapping[str, str]) -> list[str]:
    if permissions.administrator:
        return []
    return [label for name, label in needed.items() if not getattr(permissions, name)]


def is_admin(permissions: discord.Permissions) -> bool:
    """Whether a member may manage quotas: who manages the server does."""
    return permissions.manage_guild or permissions.administrator


def is_thread(channel: object) -> bool:
    """Whether a channel is a thread, or a post in a forum, which is one."""
    return isinstance(channel, discord.Thread)


def roles_of(member: discord.Member | discord.User) -> tuple[str, ...]:
    """The ids of a member's roles."""
    # `Member.roles` leaves out those that the cache does not know, and with them their quotas.
    return tuple(str(role) for role in getattr(member, "_roles", ()))
