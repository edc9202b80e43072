"""Our books beside Runway's: what it says it charged, and what we know of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bot.jobs import Job
from bot.ports import Clock, Organization, Provider, QuotaStorage

# The days that are looked at: late refunds show up within them.
DAYS = 7


@dataclass(frozen=True)
class Drift:
    """A day and model for which the books differ; credits."""

    day: date
    model: str
    ours: int
    runway: int


@dataclass(frozen=True)
class Report:
    """What there is to know: the last days' totals, where they differ, and what is open."""

    days: int
    ours: int
    runway: int
    drifts: tuple[Drift, ...]
    uncertain: tuple[Job, ...]
    organization: Organization

    def seen_by(self, workspace: str) -> "Report":
        """What a workspace's admins may see: what Runway says is of all, the jobs are their own."""
        own = tuple(job for job in self.uncertain if job.owner.workspace == workspace)
        return replace(self, uncertain=own)


class Reconciliation:
    """Compares; it changes nothing."""

    def __init__(self, quotas: QuotaStorage, provider: Provider, clock: Clock) -> None:
        self._quotas = quotas
        self._provider = provider
        self._clock = clock

    async def report(self) -> Report:
        """The last days side by side; raises ProviderError."""
        today = self._clock.now().astimezone(UTC).date()
        start, before = today - timedelta(days=DAYS - 1), today + timedelta(days=1)
        since = datetime.combine(start, time(), UTC)
        charged = await self._provider.usage(start, before)
        ours = await self._quotas.charges(since)
        return Report(
            days=DAYS,
            ours=sum(ours.values()),
            runway=sum(charged.values()),
            drifts=_drifts(ours, charged),
            uncertain=tuple(await self._quotas.uncertain(since)),
            organization=await self._provider.organization(),
        )


def _drifts(
    ours: Mapping[tuple[date, str], int], charged: Mapping[tuple[date, str], int]
) -> tuple[Drift, ...]:
    return tuple(
        Drift(day, model, ours.get((day, model), 0), charged.get((day, model), 0))
        for day, model in sorted(ours.keys() | charged.keys())
        if ours.get((day, model), 0) != charged.get((day, model), 0)
    )
