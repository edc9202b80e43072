"""Discord's channels: where their own settings take away what the bot has in the server."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord
import structlog
from pydantic import AwareDatetime, BaseModel, TypeAdapter

from adapters.discord.overwrites import Overwrite, Standing
from adapters.discord.rights import missing_own
from bot.probes.asking import Answered, ask
from bot.probes.findings import UNREACHED, Finding, Surroundings, ok, skipped, warning

log = structlog.get_logger()

NAME, ALERTS = "discord channels", "discord alerts"
MOST_NAMED = 10
# Text and announcements. Those that we do not see are neither a fault nor counted: from November
# 2026 on Discord leaves them out (https://discord.com/developers/docs/resources/channel).
_KINDS = (0, 5)
# Answers that would be the same for the next server; asking on would only make it worse.
_FOR_US = (401, 429)
_MEND = (
    "Where people are to use it: Channel settings → Permissions → the bot's role (and the bot "
    "itself, if it is listed), and allow these. A channel that is closed on purpose may stay so."
)
_SEE = "Allow View Channel for the bot's role there, or set the id of another channel."


class _Me(BaseModel):
    id: int


class _Server(BaseModel):
    id: int
    name: str
    permissions: int


class _Member(BaseModel):
    roles: frozenset[int]
    communication_disabled_until: AwareDatetime | None = None


class _Overwrite(BaseModel):
    id: int
    allow: int
    deny: int


class _Channel(BaseModel):
    id: int
    type: int
    name: str
    permission_overwrites: tuple[_Overwrite, ...] = ()


_CHANNELS = TypeAdapter(list[_Channel])


@dataclass
class _Seen:
    """What was found until now: it is told also when time runs out."""

    alerts: int | None
    looked_at: int = 0
    lacking: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)


async def probe_channels(
    given: Surroundings, servers: Sequence[Any], until: float
) -> list[Finding]:
    """Look at the channels of servers, as Discord lists those, one server after the other.

    `until` is a time of the running loop: what was not looked at by then is said to be so.
    """
    if not servers:
        return []
    found: list[Finding] = []
    seen = _Seen(given.config.discord.alert_channel)
    # A refusal here is for us, not for one server: what was seen before it still counts.
    with suppress(*UNREACHED, Answered, ValueError):
        async with asyncio.timeout_at(until):
            if seen.alerts is not None:
                found.append(await _alerts(given, seen.alerts))
            me = _Me.model_validate(await ask(given, "/users/@me")).id
            for server in servers:
                await _look_at(given, server, me, seen)
    if seen.timed_out:
        found.append(_time_outs(seen.timed_out))
    return [*found, _lacks(seen.lacking, seen.looked_at, len(servers) - seen.looked_at)]


async def _alerts(given: Surroundings, channel: int) -> Finding:
    try:
        await ask(given, f"/channels/{channel}")
    except Answered as error:
        if error.status not in (403, 404):
            raise
        text = "The bot does not see the channel of discord.alert_channel."
        return warning(ALERTS, text, _SEE)
    return ok(ALERTS, "The channel of discord.alert_channel is there.")


async def _look_at(given: Surroundings, said: Any, me: int, seen: _Seen) -> None:
    """One server; one that does not let us look is left out of the count."""
    try:
        server = _Server.model_validate(said)
        base = discord.Permissions(server.permissions)
        if not base.administrator:  # who is one cannot be shut out of a channel, nor timed out
            here = f"/guilds/{server.id}"
            member = _Member.model_validate(await ask(given, f"{here}/members/{me}"))
            channels = _CHANNELS.validate_python(await ask(given, f"{here}/channels") or [])
            _note(seen, server, channels, member, Standing(server.id, me, member.roles, base))
    except Answered as error:
        if error.status in _FOR_US:
            raise
    except ValueError:
        log.debug("an answer of Discord was not understood", exc_info=True)
    else:
        seen.looked_at += 1


def _note(
    seen: _Seen, server: _Server, channels: list[_Channel], member: _Member, standing: Standing
) -> None:
    ends = member.communication_disabled_until
    if ends is not None and ends > datetime.now(UTC):
        seen.timed_out.append(server.name)
    for channel in channels:
        is_for_alerts = channel.id == seen.alerts
        if not is_for_alerts and channel.type not in _KINDS:
            continue
        if taken := _taken_away(standing, channel):
            line = f"#{channel.name} in {server.name}: {', '.join(taken)}"
            # However many there are, this one is named.
            seen.lacking.insert(0 if is_for_alerts else len(seen.lacking), line)


def _taken_away(standing: Standing, channel: _Channel) -> list[str]:
    """What we have in the server and not in a channel that we see; the rest is told elsewhere."""
    overwrites = [Overwrite(o.id, o.allow, o.deny) for o in channel.permission_overwrites]
    there = standing.permissions_in(overwrites)
    if not there.view_channel:
        return []
    everywhere = missing_own(standing.base)
    return [label for label in missing_own(there) if label not in everywhere]


def _time_outs(servers: Sequence[str]) -> Finding:
    text = f"The bot is in a time-out: {_named(servers)}."
    mend = "A moderator ends it: the bot's name in the member list → Remove Timeout."
    return warning("discord time-outs", text, mend)


def _lacks(lacking: Sequence[str], looked_at: int, left: int) -> Finding:
    rest = f" {left} server(s) could not be looked at." if left else ""
    if lacking:
        text = f"In {len(lacking)} channel(s) the bot lacks permissions. {_named(lacking)}."
        return warning(NAME, text + rest, _MEND)
    if not looked_at:
        return skipped(NAME, f"No server's channels were looked at.{rest}")
    return ok(NAME, f"No channel that the bot sees takes a permission away.{rest}")


def _named(some: Sequence[str]) -> str:
    more = len(some) - MOST_NAMED
    return "; ".join([*some[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])
