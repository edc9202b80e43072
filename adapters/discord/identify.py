"""When a session may be begun: a bot that begins too many loses its token.

Discord resets a bot's token after 1000 identifies in 24 hours, over all shards, and takes one every
5 seconds for each of `max_concurrency` groups of shards; a second one costs the session.
https://discord.com/developers/docs/events/gateway#session-start-limit-object
https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from bot.ports import Clock, EventLog

log = structlog.get_logger()

IDENTIFY_SECONDS = 5.0
# The first few may follow each other as closely as Discord allows, after that the pauses double.
FREE_IDENTIFIES = 2
LONGEST_IDENTIFY_SECONDS = 600.0
FORGET_SECONDS = 3600.0
# So many of the 1000 are left alone.
SESSIONS_KEPT_BACK = 20
_LEAST_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Sessions:
    """How many sessions may still be begun until `reset_seconds` from now, and how many at once."""

    remaining: int = 1000
    reset_seconds: float = 0.0
    max_concurrency: int = 1

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Sessions":
        """What `/gateway/bot` says; nothing in it is trusted to be there."""
        return cls(
            int(said.get("remaining", cls.remaining)),
            float(said.get("reset_after", 0)) / 1000,
            max(1, int(said.get("max_concurrency", 1))),
        )


class Pace:
    """Holds identifies back; it outlives the clients."""

    def __init__(self, clock: Clock, events: EventLog) -> None:
        self._clock = clock
        self._events = events
        self._begun: dict[int, list[float]] = {}

    async def spare(self, sessions: Sessions) -> bool:
        """Wait for the next day's sessions where today's are nearly used up; whether it did."""
        if sessions.remaining > SESSIONS_KEPT_BACK:
            return False
        log.error("too many sessions were begun today", pause_seconds=sessions.reset_seconds)
        await self._clock.sleep(max(_LEAST_PAUSE_SECONDS, sessions.reset_seconds))
        return True

    async def turn(self, shard: int, shards: int, sessions: Sessions) -> None:
        """Wait until a shard, of so many in all, may identify; it is counted as having done so."""
        await self.spare(sessions)
        while (left := self.seconds_left(shard)) > 0:
            log.info("waiting to identify", shard=shard, seconds=round(left))
            await self._clock.sleep(left)
        if shards > 1:
            await self._group(shard % sessions.max_concurrency)
        now = self._clock.monotonic()
        self._begun[shard] = [*self._recent(shard, now), now]

    def seconds_left(self, shard: int) -> float:
        """How long a shard must wait because of its own last sessions."""
        now = self._clock.monotonic()
        begun = self._recent(shard, now)
        if not begun:
            return 0.0
        over = max(0, len(begun) - FREE_IDENTIFIES)
        pause = min(LONGEST_IDENTIFY_SECONDS, IDENTIFY_SECONDS * 2.0**over)
        return max(0.0, begun[-1] + pause - now)

    async def _group(self, group: int) -> None:
        """One shard of a group after the other, in all processes on this database."""
        window = timedelta(seconds=IDENTIFY_SECONDS)
        while not await self._events.claim(f"discord|identify|{group}", window, self._clock.now()):
            await self._clock.sleep(_LOOK_SECONDS)

    def _recent(self, shard: int, now: float) -> list[float]:
        return [at for at in self._begun.get(shard, ()) if now - at < FORGET_SECONDS]
