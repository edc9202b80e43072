"""How long the jobs of a replica that died were nobody's, from the rows."""

import time
from dataclasses import dataclass, field

from tests.chaos.rows import Rows


@dataclass(frozen=True)
class Orphan:
    """A job whose holder died at `since` (µs since 1970; replicas and database share one clock)."""

    id: str
    fence: int
    since: int


@dataclass
class Takeovers:
    """Remembers what dead replicas held, and asks the rows when others took it."""

    rows: Rows
    lease: float
    seconds: list[float] = field(default_factory=list)
    _orphans: list[Orphan] = field(default_factory=list)

    async def died(self, replica: str) -> None:
        """A replica is dead, or stands still, since this very moment."""
        since = time.time_ns() // 1000
        held = await self.rows.held_by(replica)
        self._orphans += [Orphan(job.id, job.fence, since) for job in held]

    async def look(self) -> None:
        """Note each takeover that has happened by now."""
        if not self._orphans:
            return
        taken = await self.rows.taken([orphan.id for orphan in self._orphans])
        left = []
        for orphan in self._orphans:
            fence, at = taken[orphan.id]
            if fence == orphan.fence + 1 and at is not None:
                self.seconds.append((at - orphan.since) / 1e6)
            elif fence == orphan.fence:
                left.append(orphan)
        self._orphans = left

    def leases(self, share: float) -> float | None:
        """The time within which so many takeovers were made, in leases."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / self.lease, 3)
