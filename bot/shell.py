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
from storage.engines.inspection import condition_of
from storage.engines.lock import only_process
from storage.engines.opening import address_of, database_path, named, open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.storage import SqlStorage


@asynccontextmanager
async def open_quotas(config: Config, *, may_make: bool = False) -> AsyncIterator[SqlQuotas]:
    """The quotas alone."""
    await _look_first(config.storage.url, may_make=may_make)
    database = await open_database(config.storage.url)
    try:
        yield SqlQuotas(database, defaults_of(config))
    finally:
        await database.close()


@asynccontextmanager
async def open_orders(config: Config) -> AsyncIterator[tuple[SqlStorage, SqlOrders]]:
    """Jobs to look at, and orders to place."""
    await _look_first(config.storage.url)
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


async def _look_first(url: str, *, may_make: bool = False) -> None:
    """Raise ConfigError where opening would make tables or change those of a bot that runs.

    In the wrong folder, an empty database would say that there are no jobs and no rules.
    """
    address, path = address_of(url), database_path(url)
    with named(address):
        condition = await condition_of(url)
    if condition.is_new and not may_make:
        where = path.absolute() if path else address.render_as_string()
        raise ConfigError(
            f"There is no database at {where}. The first `dailies run` makes it; where the bot "
            "runs elsewhere, go to its folder, or set DAILIES_STORAGE__URL."
        )
    if condition.pending and not condition.is_new:
        raise ConfigError(
            f"The database is from an older Dailies ({condition.at}). Stop the bot, make a backup, "
            "and run `dailies migrate`."
        )


async def migrate(url: str) -> None:
    """Bring a database to today's tables; a ConfigError while a bot runs on it."""
    with only_process(url):
        await (await open_database(url)).close()
