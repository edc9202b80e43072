"""`dailies jobs redeliver` on Discord: one new message for each order, also after a crash."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from bot.clock import SystemClock
from bot.ports import Order, OrderKind
from storage.engines.opening import open_database
from storage.orders import SqlOrders
from tests.discord.objects import Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
ORDER = "0123456789abcdef"


def _forgotten(database: Path) -> None:
    """As a crash right after the post leaves it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE orders SET answer = NULL, done = NULL")


async def test_an_order_posts_a_result_once_more(
    discord: Discord, start_bot: StartBot, known_folder: Path, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    await discord.until(lambda: "Done" in say(discord.cards()[0]))
    job = result["components"][0]["components"][0]["custom_id"].split(":")[2]
    database = await open_database(f"sqlite:///{known_folder}/dailies.db")
    orders = SqlOrders(database)

    async def answered(order: str) -> str:
        async with asyncio.timeout(30):
            while not (found := await orders.order(order)) or found.answer is None:
                await SystemClock().sleep(0.1)
        return found.answer

    await orders.place(Order(ORDER, OrderKind.REDELIVER, job, SystemClock().now()))
    assert "again" in await answered(ORDER)
    assert len(discord.results()) == 2
    assert discord.results()[1]["attachments"]
    discord.nonces.clear()  # Discord remembers them for a few minutes only
    _forgotten(known_folder / "dailies.db")
    assert "again" in await answered(ORDER)
    assert len(discord.results()) == 2
    await orders.place(Order(f"{ORDER}0", OrderKind.REDELIVER, job, SystemClock().now()))
    assert "again" in await answered(f"{ORDER}0")
    assert len(discord.results()) == 3
    await database.close()
