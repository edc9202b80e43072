"""The database as the rest sees it: a transaction is a plain function of a connection.

It does not know which engine runs it; `storage.engines` does.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Transaction = Callable[[Connection], T]


class Database(Protocol):
    """Runs transactions; what a function returns is what the caller gets, after the commit.

    A function may be run again from its start when the database asks for that, so it changes
    nothing but rows.
    """

    async def write(self, transaction: Transaction[T]) -> T: ...
    async def read(self, transaction: Transaction[T]) -> T: ...
    def aside(self) -> "Database":
        """The same database, for what must not wait in line behind everything else."""
        ...

    async def close(self) -> None: ...
