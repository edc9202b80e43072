"""The composition root: builds what touches the world; starts and stops everything in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import aiohttp
import structlog
from aiohttp import web

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
from bot.core import build_core, defaults_of
from bot.errors import ArchiveFailed, ConfigError
from bot.instruments import Instruments, instruments
from bot.media.download import Downloader
from bot.media.fitting import MediaFitter
from bot.media.library import MediaLibrary
from bot.originals import Originals
from bot.ports import Clock, Fitter
from bot.runway.client import RunwayClient
from bot.signing import SECRET_BYTES, LinkSigner
from bot.web import WebServer
from storage.chat import ChatLog
from storage.database import Database
from storage.engines import database_path, open_database
from storage.installations import SqlInstallations
from storage.lock import only_process
from storage.messages import Messages
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.receipts import SqlReceipts
from storage.replicas import SqlReplicas
from storage.secrets import secret

log = structlog.get_logger()

# The largest form that is taken; files are counted one by one while they arrive.
MOST_FORM_BYTES = 2_100_000_000


@asynccontextmanager
async def running(
    config: Config, *, live: bool = True, clock: Clock | None = None
) -> AsyncIterator[str]:
    """Everything started, in order; stopped in reverse. Yields the address of the web server."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        watch = await stack.enter_async_context(instruments(config, clock))
        stack.enter_context(only_process(config.storage.url))
        database = await open_database(config.storage.url)
        stack.push_async_callback(database.close)
        catalog, archive = _catalog(config), _archive(config)
        provider = await stack.enter_async_context(_provider(config, catalog, archive, watch))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        downloader = Downloader(session, allow_loopback=is_loopback(config.runway.base_url))
        signer = await _signer(config, database, clock)
        fitter = MediaFitter(archive, signer.sign if signer else None)
        platforms = _platforms(config, database, catalog, archive, fitter, watch, clock, live=live)
        for platform in platforms:
            stack.push_async_callback(platform.close)
        storage = watch.storage(database)
        core = await build_core(
            config,
            storage=storage,
            quotas=SqlQuotas(database, defaults_of(config)),
            orders=SqlOrders(database),
            catalog=catalog,
            provider=watch.provider(provider),
            library=MediaLibrary(archive, downloader),
            archive=archive,
            chats=watch.chats(platforms),
            door=watch.door,
            replicas=_replicas(config, database),
            clock=clock,
        )
        stack.push_async_callback(core.replica.leave)
        monitoring = watch.monitoring(storage, platforms)
        server = WebServer(_web_app(), config.web.host, config.web.port)
        if signer is not None:
            Originals(archive, signer).add_routes(server.app)
        monitoring.add_routes(server.app)
        for platform in platforms:
            platform.connect(core.service)
            platform.add_routes(server.app)
            stack.push_async_callback(platform.close)
        # Bound before the worker starts: a port that is taken must cost nobody a job.
        await server.start()
        stack.push_async_callback(server.stop)
        await core.worker.start()
        grace = config.run.grace_seconds
        stack.push_async_callback(core.worker.stop, grace)
        await core.replica.start([core.worker])
        stack.push_async_callback(core.replica.stop)
        await core.housekeeping.start()
        stack.push_async_callback(core.housekeeping.stop)
        await core.orders.start()
        stack.push_async_callback(core.orders.stop)
        for platform in platforms:
            await platform.start()
            stack.push_async_callback(platform.stop)
        await monitoring.start()
        stack.push_async_callback(monitoring.stop)
        # First of all in the end: nothing new is taken, and whoever asks is told so, while the steps
        # under way come to a safe place.
        stack.push_async_callback(core.worker.stop, grace)
        stack.callback(watch.door.close)
        log.info("ready", url=server.url)
        yield server.url


def _replicas(config: Config, database: Database) -> SqlReplicas:
    lease = timedelta(seconds=config.storage.lease_seconds)
    return SqlReplicas(database, lease, alone=database_path(config.storage.url) is not None)


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


async def _signer(config: Config, database: Database, clock: Clock) -> LinkSigner | None:
    """Who signs links to originals; None when people cannot reach this server."""
    if config.web.public_url is None:
        return None
    key = await secret(database, "links", SECRET_BYTES)
    lifetime = timedelta(days=config.web.link_days)
    return LinkSigner(key, config.web.public_url, lifetime, clock)


def _platforms(
    config: Config,
    database: Database,
    catalog: Catalog,
    archive: Archive,
    fitter: Fitter,
    watch: Instruments,
    clock: Clock,
    *,
    live: bool,
) -> list[Platform]:
    """Every platform that is configured; a ConfigError when there is none."""
    platforms: list[Platform] = []
    if config.playground.enabled:
        people = [Person(p.id, p.name, p.admin, p.roles) for p in config.playground.members]
        limit = round(config.playground.upload_mb * 1_000_000)
        chat = Chat(ChatLog(database), people, clock, fitter, limit)
        local = is_loopback(f"http://{config.web.host}")
        measured = watch.acknowledged(Playground.name)
        platforms.append(Playground(chat, catalog, archive, measured, live=live, local=local))
    if config.slack.enabled:
        platforms.append(_slack(config, database, catalog, archive, fitter, watch, clock))
    if config.discord.token is not None:
        token = config.discord.token.get_secret_value()
        platforms.append(_discord(config, token, database, catalog, archive, fitter, watch, clock))
    if not platforms:
        raise ConfigError(NO_PLATFORM)
    return platforms


# The chat libraries are loaded where they are used: each takes most of a second of every start.
def _slack(
    config: Config,
    database: Database,
    catalog: Catalog,
    archive: Archive,
    fitter: Fitter,
    watch: Instruments,
    clock: Clock,
) -> Platform:
    from adapters.slack.platform import Slack

    if (lacks := config.slack.lacks()) is not None:
        raise ConfigError(lacks)
    return Slack(
        config.slack,
        receipts=SqlReceipts(database),
        installations=SqlInstallations(database, Slack.name),
        catalog=catalog,
        archive=archive,
        clock=clock,
        fitter=fitter,
        acknowledged=watch.acknowledged(Slack.name),
    )


def _discord(
    config: Config,
    token: str,
    database: Database,
    catalog: Catalog,
    archive: Archive,
    fitter: Fitter,
    watch: Instruments,
    clock: Clock,
) -> Platform:
    from adapters.discord.platform import Discord

    book, acknowledged = Messages(database), watch.acknowledged(Discord.name)
    return Discord(config.discord, token, catalog, archive, book, clock, fitter, acknowledged)


def _provider(
    config: Config, catalog: Catalog, archive: Archive, watch: Instruments
) -> RunwayClient:
    secret = config.runway.api_secret
    if secret is None:
        raise ConfigError(NO_KEY)
    runway = config.runway
    return RunwayClient(
        runway.base_url,
        secret.get_secret_value(),
        catalog,
        archive,
        runway.poll_seconds,
        answered=watch.answered(),
    )


def _web_app() -> web.Application:
    app = web.Application(client_max_size=MOST_FORM_BYTES)
    app.on_response_prepare.append(harden)
    return app
