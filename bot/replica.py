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

    def __init__(self, replicas: Replicas, clock: Clock, lease: timedelta) -> None:
        self._replicas = replicas
        self._clock = clock
        self._seconds = lease.total_seconds()
        self._until = 0.0
        self._leads = False
        self._tenants: Sequence[Tenant] = ()
        self._loop: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return self._replicas.id

    @property
    def leads(self) -> bool:
        """Whether this replica does what only one may do."""
        return self._leads and self._holds

    def check(self) -> None:
        """Raise StaleJob when the lease may have run out: right before every effect."""
        if not self._holds:
            raise StaleJob("the lease of this replica has run out")

    async def is_live(self, replica: str) -> bool:
        return await self._replicas.is_live(replica)

    async def share(self, group: str, size: int) -> frozenset[int]:
        """The members of a group (0 … size - 1) that are this replica's now."""
        return await self._replicas.share(group, size)

    async def join(self) -> None:
        """Begin a lease."""
        began = self._clock.monotonic()
        await self._replicas.join()
        self._runs_from(began)
        self._leads = 0 in await self._replicas.share(LEAD, 1)

    async def start(self, tenants: Sequence[Tenant]) -> None:
        """Keep the lease that `join` began, for those who work under it."""
        self._tenants = tenants
        self._loop = asyncio.create_task(self._keep(), name="lease")

    async def stop(self) -> None:
        """Stop renewing; the lease runs on until `leave`."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def leave(self) -> None:
        """End the lease, so that others need not wait for its end."""
        self._until = 0.0
        try:
            await self._replicas.leave()
        except StorageUnavailable as error:
            log.warning("lease not ended", error=str(error))

    @property
    def _holds(self) -> bool:
        return self._clock.monotonic() < self._until

    def _runs_from(self, began: float) -> None:
        self._until = began + self._seconds * (1 - MARGIN)

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(self._seconds / RENEWALS)
            try:
                await self._renew()
            except StorageUnavailable as error:
                log.warning("lease not renewed", error=str(error))
            except Exception:
                log.exception("lease not renewed")

    async def _renew(self) -> None:
        began = self._clock.monotonic()
        if not await self._replicas.renew():
            log.warning("the lease was lost", replica=self.id)
            self._until = 0.0
            for tenant in self._tenants:
                await tenant.lost()
            await self.join()
        else:
            self._runs_from(began)
            self._leads = 0 in await self._replicas.share(LEAD, 1)
        for tenant in self._tenants:
            await tenant.renewed()
