"""What the command line does with the database and with Runway, beside a bot that may be running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.archive import Archive
from bot.catalog import load_catalog
from bot.config import Config
from bot.core import defaults_of
from bot.errors import ConfigError
from bot.runway.client import RunwayClient
from bot.runway.opening import client_of
from storage.engines.lock import only_process
from storage.engines.opening import database_path, open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.storage import SqlStorage


@asynccontextmanager
async def open_quotas(config: Config, *, may_make: bool = False) -> AsyncIterator[SqlQuotas]:
    """The quotas alone."""
    if not may_make:
        _must_be_there(config.storage.url)
    database = await open_database(config.storage.url)
    try:
        yield SqlQuotas(database, defaults_of(config))
    finally:
        await database.close()


@asynccontextmanager
async def open_orders(config: Config) -> AsyncIterator[tuple[SqlStorage, SqlOrders]]:
    """Jobs to look at, and orders to place."""
    _must_be_there(config.storage.url)
    database = await open_database(config.storage.url)
    try:
        yield SqlStorage(database, defaults_of(config)), SqlOrders(database)
    finally:
        await database.close()


@asynccontextmanager
async def open_runway(config: Config) -> AsyncIterator[RunwayClient]:
    """Runway, to be read from: no inputs are sent, and no archive is needed."""
    archive = Archive("memory:///")
    async with client_of(config, load_catalog(config.models), archive) as client:
        yield client


def _must_be_there(url: str) -> None:
    """In the wrong folder, an empty database would say that there are no jobs and no rules."""
    path = database_path(url)
    if path is not None and not path.exists():
        raise ConfigError(
            f"There is no database at {path.absolute()}. The first `dailies run` makes it; where "
            "the bot runs elsewhere, go to its folder, or set DAILIES_STORAGE__URL."
        )


async def migrate(url: str) -> None:
    """Bring a database to today's tables; a ConfigError while a bot runs on it."""
    with only_process(url):
        await (await open_database(url)).close()
