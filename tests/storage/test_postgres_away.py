"""PostgreSQL that does not get to what it is asked counts as away: it is asked again later."""

import pytest
from sqlalchemy import Connection

from bot.errors import StorageUnavailable
from storage.engines.opening import open_database
from storage.locks import serialise
from tests.postgres import connect


async def test_a_lock_that_somebody_holds_for_too_long_is_a_database_that_is_away(postgres):
    """A replica that stands still in the middle of a transaction holds it."""

    def wait_for_it(c: Connection) -> None:
        c.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        serialise(c, "chat")

    url = await postgres.database()
    database, other = await open_database(url), await connect(url)
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('chat', 0))")
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            await database.write(wait_for_it)
    await database.write(wait_for_it)
    await other.close()
    await database.close()
    await postgres.give_back(url)
