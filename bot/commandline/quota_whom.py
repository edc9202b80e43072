"""Whom a line of `dailies quota …` is about: a workspace, a scope in it, or a member."""

import argparse
import re

from bot.config import load_config
from bot.errors import ConfigError
from bot.jobs import Member
from bot.ports import QuotaStorage

WHO = "member:ID, role:ID, channel:ID, default or workspace; a bare id is a member"
_WITHOUT_ID = ("default", "workspace")
_WITH_ID = ("member", "role", "channel")
_DISCORD, _SLACK = r"[0-9]+", r"[CG][A-Z0-9]+"
# What an id of a channel looks like; only the chat knows whether there is one. The web chat, which
# has one channel, takes the place of either.
_CHANNELS = {
    "discord": _DISCORD,
    "slack": _SLACK,
    "playground": f"dailies|{_DISCORD}|{_SLACK}",
}
_MEMBERS = {"discord": _DISCORD, "slack": "[UW][A-Z0-9]+"}
_EXAMPLES = {"member": "U0123456", "role": "S0123456"}
_ROLES = {"discord": _DISCORD, "slack": "S[A-Z0-9]+", "playground": ".+"}


def scope_of(who: str) -> str:
    """A scope as an operator types it; a bare id is a member's. Raises ConfigError."""
    kind, colon, id_ = (part.strip() for part in who.partition(":"))
    if not colon and kind.lower() in _WITHOUT_ID:
        return kind.lower()
    if not colon:
        kind, id_ = "member", kind
    if kind.lower() not in _WITH_ID or not id_:
        raise ConfigError(f"{who or 'nothing'} is nobody. Write {WHO}.")
    return f"{kind.lower()}:{id_}"


def somebody(workspace: str, scope: str) -> str:
    """The scope again, where it can be somebody's; raises ConfigError.

    Only for what gives something: what was once given to nobody must be found and taken away.
    """
    platform, (kind, _, id_) = workspace.partition(":")[0], scope.partition(":")
    if kind == "channel":
        channel_in(workspace, id_)
    elif kind == "member" and platform == "playground":
        _configured(id_)
    elif kind in _WITH_ID:
        shape = (_MEMBERS if kind == "member" else _ROLES)[platform]
        if not re.fullmatch(shape, id_):
            raise ConfigError(
                f"{id_} is no {kind}'s id. Copy it from the chat, as in {_EXAMPLES[kind]} (Slack) "
                "or 1180000000000000001 (Discord)."
            )
    return scope


def _configured(id_: str) -> None:
    known = [member.id for member in load_config().playground.members]
    if id_ not in known:
        raise ConfigError(
            f"{id_} is no member of the local web chat. Choose of: {', '.join(known)}."
        )


async def member_of(who: str, arguments: argparse.Namespace, quotas: QuotaStorage) -> Member:
    """The one member who is meant; raises ConfigError."""
    kind, _, id_ = scope_of(who).partition(":")
    if kind != "member":
        raise ConfigError(f"{who} is no member. Write the member's id, as in member:4711.")
    return Member(await workspace_of(arguments, quotas), id_)


def channel_in(workspace: str, id_: str) -> str:
    """A channel's id as an operator types it; raises ConfigError."""
    if not re.fullmatch(_CHANNELS[workspace.partition(":")[0]], id_):
        raise ConfigError(
            f"{id_ or 'nothing'} is no channel's id. Copy it from the chat, as in C0123456 (Slack) "
            "or 1180000000000000001 (Discord)."
        )
    return id_


def workspace_named(name: str) -> str:
    """A workspace as an operator types it; raises ConfigError."""
    platform, _, id_ = name.partition(":")
    if platform not in _CHANNELS or not id_:
        raise ConfigError(f"{name or 'nothing'} is no workspace. Write it as in discord:4711.")
    return name


async def workspace_of(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    """The workspace that a line is about: the one it names, or the only one. Raises ConfigError."""
    if arguments.workspace:
        return workspace_named(arguments.workspace)
    known = await quotas.workspaces()
    if len(known) == 1:
        return known[0]
    listed = ", ".join(known) or "none yet"
    raise ConfigError(f"Say which workspace: --workspace … (known: {listed}).")
