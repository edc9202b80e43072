"""PostgreSQL that does not get to what it is asked counts as away for that, and not for the lease."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.errors import StorageUnavailable
from storage.engines.opening import open_database
from storage.engines.postgres import POOL_SIZE
from storage.locks import serialise
from storage.replicas import SqlReplicas
from tests.postgres import connect

_TAKE = "SELECT pg_advisory_xact_lock(hashtextextended('chat', 0))"
_WAITING = """SELECT count(*) FROM pg_locks JOIN pg_database AS here ON here.oid = database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""


async def test_a_lock_that_somebody_holds_for_too_long_is_a_database_that_is_away(postgres):
    """A replica that stands still in the middle of a transaction holds it."""

    def wait_for_it(c: Connection) -> None:
        c.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        serialise(c, "chat")

    url = await postgres.database()
    database, other = await open_database(url), await connect(url)
    async with other.transaction():
        await other.execute(_TAKE)
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            await database.write(wait_for_it)
    await database.write(wait_for_it)
    await other.close()
    await database.close()
    await postgres.give_back(url)


async def test_a_lease_is_renewed_while_every_connection_has_something_slow_to_do(postgres):
    url = await postgres.database()
    database, other = await open_database(url), await connect(url)
    replica = SqlReplicas(database, timedelta(seconds=30), alone=False)
    await replica.join()
    async with other.transaction():
        await other.execute(_TAKE)
        slow = [
            asyncio.create_task(database.write(lambda c: serialise(c, "chat")))
            for _ in range(POOL_SIZE)
        ]
        while True:
            if await other.fetchval(_WAITING) == POOL_SIZE:
                break
            await asyncio.sleep(0.01)
        assert await replica.renew()
        assert await replica.share("lead", 1) == {0}
        assert not any(task.done() for task in slow)
    await asyncio.gather(*slow)
    await other.close()
    await database.close()
    await postgres.give_back(url)
