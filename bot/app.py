"""The composition root: builds what touches the world; starts and stops everything in order."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web
from sqlalchemy import make_url

from adapters.platform import Platform
from adapters.playground.chat import Chat, Person
from adapters.playground.guard import harden
from adapters.playground.routes import Playground
from bot.addresses import is_loopback
from bot.archive import Archive
from bot.catalog import Catalog, load_catalog
from bot.clock import SystemClock
from bot.config import Config
from bot.config.contradictions import NO_KEY, NO_PLATFORM
from bot.core import build_core, moderation_of
from bot.credits import Allowance
from bot.errors import ArchiveFailed, ConfigError
from bot.media.download import Downloader
from bot.media.fitting import MediaFitter
from bot.media.library import MediaLibrary
from bot.originals import Originals
from bot.ports import Fitter
from bot.runway.client import RunwayClient
from bot.signing import SECRET_BYTES, LinkSigner
from bot.web import WebServer
from storage.chat import ChatLog
from storage.database import Database
from storage.installations import SqlInstallations
from storage.messages import Messages
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.receipts import SqlReceipts
from storage.rules import Defaults
from storage.secrets import secret
from storage.storage import SqlStorage, database_path, open_database

log = structlog.get_logger()

# How long steps under way may go on after the process was asked to end.
GRACE_SECONDS = 20.0
# The largest form that is taken; files are counted one by one while they arrive.
MOST_FORM_BYTES = 2_100_000_000


@asynccontextmanager
async def running(config: Config, *, live: bool = True) -> AsyncIterator[str]:
    """Everything started, in order; stopped in reverse. Yields the address of the web server."""
    async with AsyncExitStack() as stack:
        stack.callback(only_process(config.storage.url).close)
        database = await open_database(config.storage.url)
        stack.push_async_callback(database.close)
        catalog, archive = _catalog(config), _archive(config)
        provider = await stack.enter_async_context(_provider(config, catalog, archive))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        downloader = Downloader(session, allow_loopback=is_loopback(config.runway.base_url))
        signer = await _signer(config, database)
        fitter = MediaFitter(archive, signer.sign if signer else None)
        platforms = _platforms(config, database, catalog, archive, fitter, live=live)
        for platform in platforms:
            stack.push_async_callback(platform.close)
        core = await build_core(
            config,
            storage=SqlStorage(database, _defaults(config)),
            quotas=SqlQuotas(database, _defaults(config)),
            orders=SqlOrders(database),
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, downloader),
            archive=archive,
            chats={platform.name: platform.chat for platform in platforms},
        )
        server = WebServer(_web_app(), config.web.host, config.web.port)
        if signer is not None:
            Originals(archive, signer).add_routes(server.app)
        for platform in platforms:
            platform.connect(core.service)
            platform.add_routes(server.app)
            stack.push_async_callback(platform.close)
        # Bound before the worker starts: a port that is taken must cost nobody a job.
        await server.start()
        stack.push_async_callback(server.stop)
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, GRACE_SECONDS)
        await core.housekeeping.start()
        stack.push_async_callback(core.housekeeping.stop)
        await core.orders.start()
        stack.push_async_callback(core.orders.stop)
        for platform in platforms:
            await platform.start()
            stack.push_async_callback(platform.stop)
        log.info("ready", url=server.url)
        yield server.url


@asynccontextmanager
async def open_quotas(config: Config) -> AsyncIterator[SqlQuotas]:
    """The quotas alone, beside a bot that may be running."""
    database = await open_database(config.storage.url)
    try:
        yield SqlQuotas(database, _defaults(config))
    finally:
        await database.close()


@asynccontextmanager
async def open_orders(config: Config) -> AsyncIterator[tuple[SqlStorage, SqlOrders]]:
    """Jobs to look at and orders to place, beside a bot that may be running."""
    database = await open_database(config.storage.url)
    try:
        yield SqlStorage(database, _defaults(config)), SqlOrders(database)
    finally:
        await database.close()


async def migrate(url: str) -> None:
    """Bring a database to today's tables; a ConfigError while a bot runs on it."""
    lock = only_process(url)
    try:
        await (await open_database(url)).close()
    finally:
        lock.close()


def is_running(url: str) -> bool:
    """Whether a bot runs on a SQLite database of this machine; nothing is made to find out."""
    if make_url(url).get_backend_name() != "sqlite" or not _lock_file(url).is_file():
        return False
    try:
        only_process(url).close()
    except ConfigError:
        return True
    return False


def only_process(url: str) -> IO[str]:
    """Hold the database file alone: two processes on one SQLite would each carry every job."""
    path = _lock_file(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise ConfigError(f"storage.url: {path.parent} cannot be used: {error.strerror}.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(
            f"Another Dailies is running on {path.parent}. Stop it, or set another storage.url."
        ) from None
    return file


def _lock_file(url: str) -> Path:
    return database_path(url).with_suffix(".lock")


def _catalog(config: Config) -> Catalog:
    try:
        return load_catalog(config.models)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _archive(config: Config) -> Archive:
    try:
        return Archive(config.archive.url)
    except (ValueError, ArchiveFailed) as error:
        raise ConfigError(f"archive.url: {error}") from error


def _defaults(config: Config) -> Defaults:
    quota = config.quota
    return Defaults(
        Allowance(quota.credits, quota.period),
        quota.jobs_in_flight,
        ZoneInfo(quota.time_zone),
        moderation_of(config),
    )


async def _signer(config: Config, database: Database) -> LinkSigner | None:
    """Who signs links to originals; None when people cannot reach this server."""
    if config.web.public_url is None:
        return None
    key = await secret(database, "links", SECRET_BYTES)
    lifetime = timedelta(days=config.web.link_days)
    return LinkSigner(key, config.web.public_url, lifetime, SystemClock())


def _platforms(
    config: Config,
    database: Database,
    catalog: Catalog,
    archive: Archive,
    fitter: Fitter,
    *,
    live: bool,
) -> list[Platform]:
    """Every platform that is configured; a ConfigError when there is none."""
    platforms: list[Platform] = []
    if config.playground.enabled:
        people = [Person(p.id, p.name, p.admin, p.roles) for p in config.playground.members]
        limit = round(config.playground.upload_mb * 1_000_000)
        chat = Chat(ChatLog(database), people, SystemClock(), fitter, limit)
        local = is_loopback(f"http://{config.web.host}")
        platforms.append(Playground(chat, catalog, archive, live=live, local=local))
    if config.slack.enabled:
        platforms.append(_slack(config, database, catalog, archive))
    if config.discord.token is not None:
        token = config.discord.token.get_secret_value()
        platforms.append(_discord(config, token, database, catalog, archive, fitter))
    if not platforms:
        raise ConfigError(NO_PLATFORM)
    return platforms


# The chat libraries are loaded where they are used: each takes most of a second of every start.
def _slack(config: Config, database: Database, catalog: Catalog, archive: Archive) -> Platform:
    from adapters.slack.platform import Slack

    if (lacks := config.slack.lacks()) is not None:
        raise ConfigError(lacks)
    return Slack(
        config.slack,
        receipts=SqlReceipts(database),
        installations=SqlInstallations(database, Slack.name),
        catalog=catalog,
        archive=archive,
        clock=SystemClock(),
    )


def _discord(
    config: Config,
    token: str,
    database: Database,
    catalog: Catalog,
    archive: Archive,
    fitter: Fitter,
) -> Platform:
    from adapters.discord.platform import Discord

    book, clock = Messages(database), SystemClock()
    return Discord(config.discord, token, catalog, archive, book, clock, fitter)


def _provider(config: Config, catalog: Catalog, archive: Archive) -> RunwayClient:
    secret = config.runway.api_secret
    if secret is None:
        raise ConfigError(NO_KEY)
    runway = config.runway
    return RunwayClient(
        runway.base_url, secret.get_secret_value(), catalog, archive, runway.poll_seconds
    )


def _web_app() -> web.Application:
    app = web.Application(client_max_size=MOST_FORM_BYTES)
    app.on_response_prepare.append(harden)
    return app
