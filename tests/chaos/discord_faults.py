"""What Discord itself does wrong: to a request of a replica, or to the line that it listens on."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from tests.chaos.actor import Actor
from tests.chaos.faults import TRAP_SECONDS, Fault, for_a_while
from tests.discord.server import Discord

REQUESTS = (
    ("POST", r"/callback$"),
    ("PATCH", r"/messages/@original$"),
    ("POST", r"/channels/\d+/messages$"),
    ("PATCH", r"/channels/\d+/messages/\d+$"),
    ("GET", r"/channels/\d+/messages$"),
)
REQUESTS_AT_ONCE = 2
MOST_TIMES = 3
How = Callable[[Random], dict[str, Any]]


def discord_faults(discord: Discord) -> Sequence[Fault]:
    return (
        Fault("chat fails", 2, partial(_request, discord, _fails)),
        Fault("chat limits", 2, partial(_request, discord, _limits)),
        Fault("chat cut", 3, partial(_request, discord, _cuts)),
        Fault("chat slow", 1, partial(_request, discord, _slow)),
        Fault("token refused", 2, partial(_refuse_token, discord)),
        Fault("line cut", 2, partial(_cut_line, discord)),
        Fault("line turned away", 1, partial(_turn_away, discord)),
        Fault("session invalid", 2, partial(_invalidate, discord)),
        Fault("line moved", 1, partial(_move_line, discord)),
    )


async def _request(discord: Discord, how: How, actor: Actor) -> bool:
    """Do this to the next requests of some kinds; False when there was none."""
    rng = actor.rng
    faults = [
        discord.fault(method, path, times=rng.randint(1, MOST_TIMES), **how(rng))
        for method, path in rng.sample(REQUESTS, REQUESTS_AT_ONCE)
    ]

    def hit() -> bool:
        return any(fault.hits for fault in faults)

    await for_a_while(hit, TRAP_SECONDS)
    # A request that is made again meets it again.
    await asyncio.sleep(rng.uniform(0.0, 1.0) if hit() else 0)
    for fault in faults:
        fault.times = 0
        discord.faults[:] = [other for other in discord.faults if other is not fault]
    return hit()


def _fails(rng: Random) -> dict[str, Any]:
    return {"status": rng.choice((500, 502, 503))}


def _limits(rng: Random) -> dict[str, Any]:
    """By Discord, which discord.py waits for, or by what stands before it."""
    return {"status": 429, "via": rng.random() < 0.7, "retry_after": rng.uniform(0.1, 1.5)}


def _cuts(rng: Random) -> dict[str, Any]:
    return {"reset": True} if rng.random() < 0.6 else {"cut": True}


def _slow(rng: Random) -> dict[str, Any]:
    return {"late": rng.uniform(0.5, 4.0)}


async def _refuse_token(discord: Discord, actor: Actor) -> bool:
    """Until somebody has put it right; answers to interactions need none."""
    faults = [
        discord.fault(method, r"/(channels|users|guilds)/", status=401, times=10**6)
        for method in ("GET", "POST", "PATCH")
    ]
    await asyncio.sleep(actor.rng.uniform(0.5, 3.0))
    discord.faults[:] = [other for other in discord.faults if all(other is not f for f in faults)]
    return any(fault.hits for fault in faults)


async def _cut_line(discord: Discord, actor: Actor) -> bool:
    shard = _heard(discord, actor.rng)
    if shard is not None:
        discord.gateway.sessions[shard].resumable = actor.rng.random() < 0.7
        discord.gateway.cut(shard)
    return shard is not None


async def _turn_away(discord: Discord, actor: Actor) -> bool:
    """Nobody gets a line for a while, and one is cut."""
    discord.gateway.hold = True
    cut = await _cut_line(discord, actor)
    await asyncio.sleep(actor.rng.uniform(0.3, 1.5))
    discord.gateway.hold = False
    return cut


async def _invalidate(discord: Discord, actor: Actor) -> bool:
    """Op 9, to a session that may be resumed or not."""
    shard = _heard(discord, actor.rng)
    if shard is None:
        return False
    with suppress(ConnectionError):
        await discord.gateway.invalidate(resumable=actor.rng.random() < 0.5, shard=shard)
    return True


async def _move_line(discord: Discord, actor: Actor) -> bool:
    """Op 7: Discord wants a shard to connect anew."""
    shard = _heard(discord, actor.rng)
    if shard is None:
        return False
    with suppress(ConnectionError):
        await discord.gateway.ask_to_reconnect(shard)
    return True


def _heard(discord: Discord, rng: Random) -> int | None:
    """A shard that somebody listens on."""
    sessions = discord.gateway.sessions.values()
    shards = [s.shard for s in sessions if s.socket is not None and not s.socket.closed]
    return rng.choice(shards) if shards else None
