"""The composition root: builds what touches the world; starts and stops everything in order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import aiohttp
import structlog
from aiohttp import web

from adapters.platform import Platform
from adapters.playground.guard import harden
from bot.addresses import is_loopback
from bot.archive import Archive
from bot.catalog import Catalog, load_catalog
from bot.clock import SystemClock
from bot.config import Config
from bot.core import Core, Ports, build_core, defaults_of
from bot.errors import ArchiveFailed, ConfigError
from bot.media.download import Downloader
from bot.media.fitting import MediaFitter
from bot.media.library import MediaLibrary
from bot.platforms import Ground, build_platforms, listens
from bot.ports import Clock
from bot.replica import Replica
from bot.runway.opening import client_of
from bot.watching.instruments import instruments
from bot.watching.monitoring import Monitoring
from bot.web.originals import Originals
from bot.web.server import WebServer
from bot.web.signing import SECRET_BYTES, LinkSigner
from storage.database import Database
from storage.engines.lock import only_process
from storage.engines.opening import database_path, open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
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
        database = await open_database(config.storage.url, config.storage.lease_seconds)
        stack.push_async_callback(database.close)
        catalog, archive = _catalog(config), _archive(config)
        client = client_of(config, catalog, archive, watch.answered())
        provider = await stack.enter_async_context(client)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        downloader = Downloader(session, allow_loopback=is_loopback(config.runway.base_url))
        signer = await _signer(config, database, clock)
        fitter = MediaFitter(archive, signer.sign if signer else None)
        replica = _replica(config, database, clock)
        await replica.join()
        stack.push_async_callback(replica.leave)
        ground = Ground(config, database, catalog, archive, fitter, clock, replica, watch)
        platforms = build_platforms(ground, live=live)
        for platform in platforms:
            stack.push_async_callback(platform.close)
        storage = watch.storage(database, catalog)
        quotas = SqlQuotas(database, defaults_of(config))
        core = await build_core(
            config,
            Ports(
                storage=storage,
                quotas=quotas,
                drafts=quotas,
                orders=SqlOrders(database),
                catalog=catalog,
                provider=watch.provider(provider),
                library=MediaLibrary(archive, downloader),
                archive=archive,
                chats=watch.chats(platforms),
                door=watch.door,
                replica=replica,
                clock=clock,
            ),
        )
        monitoring = watch.monitoring(storage, platforms, replica)
        for platform in platforms:
            platform.connect(core.service)
        server = _web_server(config, archive, signer, monitoring, platforms)
        # Bound before the worker starts: a port that is taken must cost nobody a job.
        await server.start()
        stack.push_async_callback(server.stop)
        await _start_core(stack, config, core, replica)
        for platform in platforms:
            # A start that is broken off has begun something already.
            stack.push_async_callback(platform.stop)
            await platform.start()
        await monitoring.start()
        stack.push_async_callback(monitoring.stop)
        # First of all in the end: nothing new is taken, and whoever asks is told so, while the steps
        # under way come to a safe place.
        stack.push_async_callback(core.worker.stop, config.run.grace_seconds)
        stack.callback(watch.door.close)
        log.info("ready", url=server.url)
        yield server.url


async def _start_core(stack: AsyncExitStack, config: Config, core: Core, replica: Replica) -> None:
    """Let jobs be carried, where this replica does so, and the loops beside them run."""
    carries = config.run.does("worker")
    await core.worker.start(carries=carries)
    stack.push_async_callback(core.worker.stop, config.run.grace_seconds)
    await replica.start([core.worker] if carries else [])
    stack.push_async_callback(replica.stop)
    await core.housekeeping.start()
    stack.push_async_callback(core.housekeeping.stop)
    await core.orders.start()
    stack.push_async_callback(core.orders.stop)


def _replica(config: Config, database: Database, clock: Clock) -> Replica:
    lease = timedelta(seconds=config.storage.lease_seconds)
    alone = database_path(config.storage.url) is not None
    replicas = SqlReplicas(database, lease, alone=alone)
    return Replica(replicas, clock, lease, may_lead=config.run.does("worker"))


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


def _web_server(
    config: Config,
    archive: Archive,
    signer: LinkSigner | None,
    monitoring: Monitoring,
    platforms: Sequence[Platform],
) -> WebServer:
    """All that this replica serves; it does not listen yet."""
    server = WebServer(_web_app(), config.web.host, config.web.port)
    if signer is not None and config.run.does("web"):
        Originals(archive, signer).add_routes(server.app)
    monitoring.add_routes(server.app)
    for platform in platforms:
        if listens(platform, config):
            platform.add_routes(server.app)
    return server


def _web_app() -> web.Application:
    app = web.Application(client_max_size=MOST_FORM_BYTES)
    app.on_response_prepare.append(harden)
    return app
