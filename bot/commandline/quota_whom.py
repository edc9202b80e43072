"""Whom a line of `dailies quota …` is about: a workspace, a scope in it, or a member."""

import argparse

from bot.errors import ConfigError
from bot.jobs import Member
from bot.ports import QuotaStorage


def scope_of(who: str) -> str:
    """A scope as an operator types it; a bare id is a member's."""
    kind, _, name = who.partition(":")
    if who in ("default", "workspace") or (kind in ("member", "role", "channel") and name):
        return who
    return f"member:{who}"


async def member_of(who: str, arguments: argparse.Namespace, quotas: QuotaStorage) -> Member:
    """The one member who is meant; raises ConfigError."""
    kind, _, id_ = scope_of(who).partition(":")
    if kind != "member":
        raise ConfigError(f"{who} is no member. Write the member's id, as in member:4711.")
    return Member(await workspace_of(arguments, quotas), id_)


def workspace_named(name: str) -> str:
    """A workspace as an operator types it; raises ConfigError."""
    platform, _, id_ = name.partition(":")
    if platform not in ("discord", "slack", "playground") or not id_:
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
