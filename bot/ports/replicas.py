"""Replicas of Dailies over one database, and what each of them has to itself."""

from typing import Protocol


class Replicas(Protocol):
    """This replica among the others, by the database's clock.

    A replica has a lease; while it runs, the replica owns its jobs and its shares. A lease that
    was lost never comes back: the replica joins again under a new name.
    """

    @property
    def id(self) -> str: ...

    async def join(self) -> None:
        """Begin a lease under a new name."""
        ...

    async def renew(self) -> bool:
        """Prolong the lease; False when it has run out, and with it everything that was owned."""
        ...

    async def leave(self) -> None:
        """End the lease at once, so that others take over without waiting for its end."""
        ...

    async def is_live(self, replica: str) -> bool:
        """Whether a replica's lease runs."""
        ...

    async def share(self, group: str, size: int) -> frozenset[int]:
        """The members of a group (0 … size - 1) that this replica has from now on.

        All live replicas that ask have about the same number, and none has another's.
        """
        ...
