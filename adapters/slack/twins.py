"""A mention is told of as two events, perhaps to two processes: one of them answers.

The other looks again when that one's lease would have run out: had it died, nobody would answer.
"""

import structlog

from bot.errors import StorageUnavailable
from bot.ports import Clock, EventLog
from bot.replica import Replica

log = structlog.get_logger()


class Twins:
    """Decides between processes; to answer twice is better than not at all."""

    def __init__(self, events: EventLog, replica: Replica, clock: Clock) -> None:
        self._events = events
        self._replica = replica
        self._clock = clock

    async def is_ours(self, workspace: str, event: str) -> bool:
        """Whether it is for this process to answer; takes a while where another one seems to."""
        own = self._replica.id
        first = await self._events.first(workspace, event, own, self._clock.now())
        if first == own or not await self._replica.is_live(first):
            return True
        await self._clock.sleep(self._replica.lease_seconds)
        if await self._events.honoured(workspace, [_answered(event)]):
            return False
        return not await self._replica.is_live(first)

    async def note_answered(self, workspace: str, event: str) -> None:
        """Nobody needs to answer any more, also when this process ends."""
        try:
            await self._events.note(workspace, _answered(event), self._clock.now())
        except StorageUnavailable as error:
            log.warning("not noted as answered", message=event, error=str(error))


def _answered(event: str) -> str:
    return f"{event}|answered"
