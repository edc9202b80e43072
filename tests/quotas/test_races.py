"""Several connections at once, as several processes have them."""

import asyncio

from bot.credits import Allowance
from bot.errors import NotEnoughCredits, Refused
from storage.engines.opening import open_database


async def test_two_processes_cannot_spend_the_same_credits(books, database_url):
    await books.rule("member:ben", Allowance(50))
    other = await open_database(database_url)
    second = type(books)(other, books.storage._defaults)
    try:
        answers = await asyncio.gather(
            *(pair.storage.accept(books.job("ben", 8), (), books.now)
              for _ in range(30) for pair in (books, second)),
            return_exceptions=True,
        )  # fmt: skip
    finally:
        await other.close()
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(answers) - len(refused) == 6
    assert all(isinstance(answer, NotEnoughCredits) for answer in refused)
    assert (await books.balance("ben")).held == 48
    await books.check()
