"""This process as one replica among others: keeps its lease, and knows what it may do."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from bot.errors import StaleJob, StorageUnavailable
from bot.ports import Clock, Replicas

log = structlog.get_logger()

# The lease is renewed so many times while it runs …
RENEWALS = 3
# … and by our own clock it ends this much earlier than by the database's.
MARGIN = 0.1
# One replica does what needs to be done once: chores, the places on the cards in the queue.
LEAD = "lead"


class Tenant(Protocol):
    """Who works under the lease."""

    async def renewed(self) -> None:
        """The lease was renewed: look what is there to do."""
        ...

    async def lost(self) -> None:
        """The lease has run out: whatever was owned may be somebody else's by now."""
        ...


class Replica:
    """Holds a lease by renewing it; a lost one is given up and begun anew under another name."""

    def __init__(
        self, replicas: Replicas, clock: Clock, lease: timedelta, *, may_lead: bool = True
    ) -> None:
        self._replicas = replicas
        self._clock = clock
        self._may_lead = may_lead
        self._shares: dict[str, frozenset[int]] = {}
        self._seconds = lease.total_seconds()
        self._until = 0.0
        self._leads = False
        self._tenants: Sequence[Tenant] = ()
        self._loop: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return self._replicas.id

    @property
    def leads(self) -> bool:
        """Whether this replica does what only one may do."""
        return self._leads and self.holds

    @property
    def holds(self) -> bool:
        """Whether the lease certainly runs."""
        return self._clock.monotonic() < self._until

    def check(self) -> None:
        """Raise StaleJob when the lease may have run out: right before every effect."""
        if not self.holds:
            raise StaleJob("the lease of this replica has run out")

    @property
    def lease_seconds(self) -> float:
        """How long after its last word a replica counts as dead."""
        return self._seconds

    async def is_live(self, replica: str) -> bool:
        return await self._replicas.is_live(replica)

    async def share(self, group: str, size: int) -> frozenset[int]:
        """The members of a group (0 … size - 1) that are this replica's now.

        While the database does not answer they stay what they were, as long as the lease runs.
        """
        try:
            self._shares[group] = await self._replicas.share(group, size)
        except StorageUnavailable as error:
            log.warning("shares not known", group=group, error=str(error))
        return self._shares.get(group, frozenset()) if self.holds else frozenset()

    async def join(self) -> None:
        """Begin a lease."""
        began = self._clock.monotonic()
        await self._replicas.join()
        log.info("joined", replica=self.id)
        self._shares.clear()
        self._runs_from(began)
        await self._look_who_leads()

    async def start(self, tenants: Sequence[Tenant]) -> None:
        """Keep the lease that `join` began, for those who work under it."""
        self._tenants = tenants
        self._loop = asyncio.create_task(self._keep(), name="lease")

    async def stop(self) -> None:
        """Stop renewing; the lease runs on until `leave`."""
        await _end(self._loop)
        await _end(self._telling)

    async def leave(self) -> None:
        """End the lease, so that others need not wait for its end."""
        self._until = 0.0
        try:
            await self._replicas.leave()
        except StorageUnavailable as error:
            log.warning("lease not ended", error=str(error))

    async def _look_who_leads(self) -> None:
        self._leads = self._may_lead and 0 in await self.share(LEAD, 1)

    def _runs_from(self, began: float) -> None:
        self._until = began + self._seconds * (1 - MARGIN)

    async def _keep(self) -> None:
        pause = self._seconds / RENEWALS
        while True:
            await self._clock.sleep(pause)
            pause = self._seconds / RENEWALS
            try:
                await self._renew()
            except StorageUnavailable as error:
                log.warning("lease not renewed", error=str(error))
                pause /= RENEWALS  # a broken connection is no reason to lose it
            except Exception:
                log.exception("lease not renewed")

    async def _renew(self) -> None:
        began = self._clock.monotonic()
        if not await self._replicas.renew():
            log.warning("the lease was lost", replica=self.id)
            self._until = 0.0
            await _end(self._telling)
            for tenant in self._tenants:
                await tenant.lost()
            await self.join()
        else:
            self._runs_from(began)
            await self._look_who_leads()
        # Beside it: whatever they find to do, the next renewal must not wait for it.
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="lease renewed")

    async def _tell(self) -> None:
        for tenant in self._tenants:
            try:
                await tenant.renewed()
            except StorageUnavailable as error:
                log.warning("nothing taken over", error=str(error))
            except Exception:
                log.exception("nothing taken over")


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
