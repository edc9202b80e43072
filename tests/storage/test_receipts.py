"""What was sent to a chat is written down before, and each thing once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.credits import Outcome
from bot.jobs import State
from bot.ports import Receipt
from storage.engines.opening import address_of, open_database
from storage.receipts import SqlReceipts
from tests.storage.conftest import NOW, WORKSPACE

_WAITS = text(
    "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


async def test_of_many_that_begin_a_receipt_one_has_begun_it(database):
    books = [SqlReceipts(database) for _ in range(10)]
    mine = [Receipt(WORKSPACE, "result:job1", f"C{number}", NOW) for number in range(10)]
    begun = await asyncio.gather(
        *(book.begin(receipt) for book, receipt in zip(books, mine, strict=True))
    )
    (first,) = (receipt for receipt, other in zip(mine, begun, strict=True) if other is None)
    assert {receipt.channel for receipt in begun if receipt} == {first.channel}
    assert await books[0].receipt(WORKSPACE, "result:job1") == replace(first, facts={})


async def test_the_latest_messages_are_those_of_the_rooms_of_the_latest_jobs(
    database, storage, new
):
    receipts = SqlReceipts(database)
    for id_ in ("job1", "job2"):
        job = await storage.accept(new(id_), [], NOW)
        await storage.note(id_, result="5", told=True)
        await storage.finish(job, State.FAILED, Outcome.NEVER_SENT, NOW)

    async def sent(key: str, message: str | None, channel: str = "main", **more) -> None:
        receipt = Receipt(WORKSPACE, key, channel, NOW, **{"subject": "job1", **more})
        await receipts.begin(receipt)
        await receipts.note(receipt, message=message)

    await sent("card:1", "3")
    await sent("result:1", "5")
    await sent("files:1", "4", "main/1")
    await sent("old", "1")
    await sent("not yet", None)
    await sent("about nothing", "6", subject=None)
    await sent("elsewhere", "7", "C9")
    platform = WORKSPACE.partition(":")[0]
    found = await receipts.recent(platform, NOW - timedelta(days=7), "2", 10)
    assert [each.key for each in found] == ["result:1", "files:1", "card:1"]
    assert len(await receipts.recent(platform, NOW - timedelta(days=7), "2", 2)) == 2
    assert await receipts.recent(platform, NOW + timedelta(days=7), "2", 10) == []


class Unfinished:
    """A database whose transaction is open until the test ends it."""

    def __init__(self, connection) -> None:
        self._connection = connection

    async def write(self, transaction):
        return await self._connection.run_sync(transaction)


async def test_a_receipt_that_another_replica_is_just_beginning_is_theirs(postgres):
    """Neither sees the other's before the commit; PostgreSQL alone lets both try."""
    url = await postgres.database()
    database, engine = await open_database(url), create_async_engine(address_of(url))
    theirs = Receipt(WORKSPACE, "result:job1", "C1", NOW)
    async with engine.connect() as connection:
        assert await SqlReceipts(Unfinished(connection)).begin(theirs) is None
        mine = asyncio.create_task(SqlReceipts(database).begin(replace(theirs, channel="C2")))
        while not mine.done():
            if (await connection.execute(_WAITS)).all():
                break
            await asyncio.sleep(0.01)
        await connection.commit()
        found = await mine
    assert found is not None
    assert found.channel == "C1"
    await engine.dispose()
    await database.close()
    await postgres.give_back(url)
