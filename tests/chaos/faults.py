"""What is done to a replica: killed, stopped, cut off, its clock turned."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass

from tests.chaos.actor import Actor
from tests.chaos.proxy import Proxy

# What a cut waits for on a wire; a trap that nothing steps on is taken away again.
TRAP_SECONDS = 2.0
JUMP_SECONDS = (60.0, 660.0)
RUNWAY_WORDS = (b"POST /v1/", b"GET /v1/tasks", b"GET /outputs")
DATABASE_WORDS = (b"COMMIT", b"UPDATE jobs", b"INSERT INTO", b"SELECT", b"UPDATE replicas")


@dataclass(frozen=True)
class Fault:
    """`weight` says how often it is chosen among those that fit the engine and the archive."""

    kind: str
    weight: int
    strike: Callable[[Actor], Coroutine[None, None, bool]]
    engines: tuple[str, ...] = ("sqlite", "postgresql")
    archives: tuple[str, ...] = ("folder", "bucket")


async def kill(actor: Actor) -> bool:
    actor.kill()
    await asyncio.sleep(0)
    return True


async def nap(actor: Actor) -> bool:
    """Stopped, and awake again well within its lease."""
    await actor.pause(actor.lease * actor.rng.uniform(0.05, 0.5))
    return True


async def sleep(actor: Actor) -> bool:
    """Stopped until its lease is over, and others have taken over where there are others."""
    await actor.pause(actor.lease * actor.rng.uniform(1.4, 2.2))
    return True


async def cut_runway(actor: Actor) -> bool:
    return await trap(actor, actor.wires.runway, actor.rng.choice(RUNWAY_WORDS))


async def runway_down(actor: Actor) -> bool:
    return await down(actor.wires.runway, actor.rng.uniform(0.2, 1.5))


async def cut_database(actor: Actor) -> bool:
    assert actor.wires.database is not None
    if actor.rng.random() < 0.3:
        actor.wires.database.cut()
        return True
    return await trap(actor, actor.wires.database, actor.rng.choice(DATABASE_WORDS))


async def database_down(actor: Actor) -> bool:
    """Away for part of a lease, or beyond its end."""
    assert actor.wires.database is not None
    return await down(actor.wires.database, actor.lease * actor.rng.uniform(0.2, 2.0))


async def jump(actor: Actor) -> bool:
    """Its wall clock jumps by minutes, and now and then back again."""
    seconds = actor.rng.uniform(*JUMP_SECONDS) * actor.rng.choice((-1, 1))
    actor.turn_clock(seconds)
    await asyncio.sleep(actor.rng.uniform(0.2, 2.0))
    if actor.rng.random() < 0.5:
        actor.turn_clock(0)
    return True


async def lock_database(actor: Actor) -> bool:
    """Somebody else writes into the file, for longer than the lease now and then."""
    seconds = actor.lease * actor.rng.choice((0.1, 0.3, 1.2))
    return await asyncio.to_thread(_lock, actor, seconds)


FAULTS = (
    Fault("kill", 3, kill),
    Fault("nap", 2, nap),
    Fault("sleep", 3, sleep),
    Fault("runway cut", 3, cut_runway),
    Fault("runway down", 1, runway_down),
    Fault("database cut", 4, cut_database, ("postgresql",)),
    Fault("database down", 1, database_down, ("postgresql",)),
    Fault("database locked", 2, lock_database, ("sqlite",)),
    Fault("clock jumps", 2, jump),
)


async def for_a_while(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true within so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (true := condition()) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)
    return true


async def trap(actor: Actor, proxy: Proxy, word: bytes) -> bool:
    """Break the wire at such a request, before or after it was passed on; False: there was none."""
    set_up = proxy.set_trap(word, after=actor.rng.random() < 0.5)
    with suppress(TimeoutError):
        async with asyncio.timeout(TRAP_SECONDS):
            await set_up.sprung.wait()
    proxy.trap = None
    return set_up.sprung.is_set()


async def down(proxy: Proxy, seconds: float) -> bool:
    proxy.is_down = True
    proxy.cut()
    await asyncio.sleep(seconds)
    proxy.is_down = False
    return True


def _lock(actor: Actor, seconds: float) -> bool:
    connection = sqlite3.connect(actor.folder / "dailies.db", timeout=1, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("COMMIT")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
