"""PostgreSQL, for any number of replicas.

Every transaction is one of its own on a pooled connection, READ COMMITTED; what must not run side
by side takes a lock by name (`storage.locks`) or a row's lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import StorageUnavailable
from storage.database import T, Transaction

POOL_SIZE = 10
CONNECT_SECONDS = 5.0
# The longest wait for an answer, and for another's locks; a third of the lease where that is less.
# A replica must learn within its lease that the database does not answer, and one that stands still
# in the middle of a transaction must not hold up the others, who are to take over from it.
STATEMENT_SECONDS = 10.0
LEAST_STATEMENT_SECONDS = 1.0
# Two hundred commands at once wait in line for a connection.
QUEUE_SECONDS = 30.0
# Transactions that got in each other's way are run again: serialization failure, deadlock.
# https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
_AGAIN = ("40001", "40P01")
_MOST_ATTEMPTS = 5
# The server is going away, or has too many guests: classes 08 and 57, and 53300. Or somebody who
# stands still holds a lock for too long: 55P03. Or it does not let us in: class 28 is the password,
# 3D the name of the database.
_AWAY = ("08", "57", "53", "55P03", "28", "3D")


class PostgresDatabase:
    """Implements storage.database.Database."""

    def __init__(
        self,
        url: URL,
        lease_seconds: float = 3 * STATEMENT_SECONDS,
        connections: int = POOL_SIZE,
    ) -> None:
        self._url, self._lease_seconds = url, lease_seconds
        self._aside: PostgresDatabase | None = None
        wait = max(LEAST_STATEMENT_SECONDS, min(STATEMENT_SECONDS, lease_seconds / 3))
        self._engine = create_async_engine(
            url,
            hide_parameters=True,  # an error's text would quote a row, and with it a prompt
            pool_size=connections,
            max_overflow=0,
            pool_timeout=QUEUE_SECONDS,
            pool_pre_ping=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": wait,
                "server_settings": {
                    "application_name": "dailies",
                    "lock_timeout": f"{wait * 1000:.0f}ms",
                    "idle_in_transaction_session_timeout": f"{wait * 1000:.0f}ms",
                },
            },
        )

    def aside(self) -> "PostgresDatabase":
        if self._aside is None:
            self._aside = PostgresDatabase(self._url, self._lease_seconds, connections=1)
        return self._aside

    async def write(self, transaction: Transaction[T]) -> T:
        for _ in range(_MOST_ATTEMPTS - 1):
            try:
                return await self._run(transaction)
            except DBAPIError as error:
                if _code(error) not in _AGAIN:
                    raise
        return await self._run(transaction)

    async def read(self, transaction: Transaction[T]) -> T:
        return await self._run(transaction)

    async def close(self) -> None:
        if self._aside is not None:
            await self._aside.close()
        await self._engine.dispose()

    async def _run(self, transaction: Transaction[T]) -> T:
        with translated():
            async with self._engine.begin() as connection:
                return await connection.run_sync(transaction)


@contextmanager
def translated() -> Iterator[None]:
    """What the driver says of a database that is not there, as one error of ours."""
    try:
        yield
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as e:
        raise StorageUnavailable(str(e) or type(e).__name__) from e
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable(_said(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or _code(error).startswith(_AWAY):
            raise StorageUnavailable(_said(error)) from error
        raise
    except SQLAlchemyError as error:
        if "QueuePool" in str(error):
            raise StorageUnavailable("all connections are in use") from error
        raise


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def _said(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]
