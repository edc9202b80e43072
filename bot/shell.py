"""What the command line does with the database, beside a bot that may be running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Config
from bot.core import defaults_of
from storage.engines import open_database
from storage.lock import only_process
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.storage import SqlStorage


@asynccontextmanager
async def open_quotas(config: Config) -> AsyncIterator[SqlQuotas]:
    """The quotas alone."""
    database = await open_database(config.storage.url)
    try:
        yield SqlQuotas(database, defaults_of(config))
    finally:
        await database.close()


@asynccontextmanager
async def open_orders(config: Config) -> AsyncIterator[tuple[SqlStorage, SqlOrders]]:
    """Jobs to look at, and orders to place."""
    database = await open_database(config.storage.url)
    try:
        yield SqlStorage(database, defaults_of(config)), SqlOrders(database)
    finally:
        await database.close()


async def migrate(url: str) -> None:
    """Bring a database to today's tables; a ConfigError while a bot runs on it."""
    with only_process(url):
        await (await open_database(url)).close()
