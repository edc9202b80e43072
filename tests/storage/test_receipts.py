"""What was sent to a chat is written down before, and each thing once."""

import asyncio
from dataclasses import replace

from bot.ports import Receipt
from storage.receipts import SqlReceipts
from tests.storage.conftest import NOW, WORKSPACE


async def test_of_many_that_begin_a_receipt_one_has_begun_it(database):
    books = [SqlReceipts(database) for _ in range(10)]
    mine = [Receipt(WORKSPACE, "result:job1", f"C{number}", NOW) for number in range(10)]
    begun = await asyncio.gather(
        *(book.begin(receipt) for book, receipt in zip(books, mine, strict=True))
    )
    (first,) = (receipt for receipt, other in zip(mine, begun, strict=True) if other is None)
    assert {receipt.channel for receipt in begun if receipt} == {first.channel}
    assert await books[0].receipt(WORKSPACE, "result:job1") == replace(first, facts={})
