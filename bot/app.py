"""The composition root: builds what touches the world; starts and stops everything in order."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from datetime import timedelta
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web

from adapters.playground.guard import harden
from bot.addresses import is_loopback
from bot.archive import Archive
from bot.catalog import Catalog, load_catalog
from bot.clock import SystemClock
from bot.config import Config
from bot.core import build_core, moderation_of
from bot.credits import Allowance
from bot.errors import ArchiveFailed, ConfigError
from bot.media.download import Downloader
from bot.media.fitting import MediaFitter
from bot.media.library import MediaLibrary
from bot.originals import Originals
from bot.platforms import Ground, build_platforms, listens
from bot.ports import Clock
from bot.replica import Replica
from bot.runway.client import RunwayClient
from bot.signing import SECRET_BYTES, LinkSigner
from bot.web import WebServer
from storage.database import Database
from storage.engines import database_path, open_database
from storage.quota import SqlQuotas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.secrets import secret
from storage.storage import SqlStorage

log = structlog.get_logger()

# How long steps under way may go on after the process was asked to end.
GRACE_SECONDS = 20.0
# The largest form that is taken; files are counted one by one while they arrive.
MOST_FORM_BYTES = 2_100_000_000


@asynccontextmanager
async def running(
    config: Config, *, live: bool = True, clock: Clock | None = None
) -> AsyncIterator[str]:
    """Everything started, in order; stopped in reverse. Yields the address of the web server."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_process(config))
        database = await open_database(config.storage.url)
        stack.push_async_callback(database.close)
        catalog, archive = _catalog(config), _archive(config)
        provider = await stack.enter_async_context(_provider(config, catalog, archive))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        downloader = Downloader(session, allow_loopback=is_loopback(config.runway.base_url))
        signer = await _signer(config, database, clock)
        fitter = MediaFitter(archive, signer.sign if signer else None)
        carries = config.run.does("worker")
        replica = _replica(config, database, clock, may_lead=carries)
        await replica.join()
        stack.push_async_callback(replica.leave)
        ground = Ground(config, database, catalog, archive, fitter, clock, replica)
        platforms = build_platforms(ground, live=live)
        for platform in platforms:
            stack.push_async_callback(platform.close)
        core = await build_core(
            config,
            storage=SqlStorage(database, _defaults(config)),
            quotas=SqlQuotas(database, _defaults(config)),
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, downloader),
            archive=archive,
            chats={platform.name: platform.chat for platform in platforms},
            replica=replica,
            clock=clock,
        )
        server = WebServer(_web_app(), config.web.host, config.web.port)
        if signer is not None and config.run.does("web"):
            Originals(archive, signer).add_routes(server.app)
        for platform in platforms:
            platform.connect(core.service)
            if listens(platform, config):
                platform.add_routes(server.app)
            stack.push_async_callback(platform.close)
        # Bound before the worker starts: a port that is taken must cost nobody a job.
        await server.start()
        stack.push_async_callback(server.stop)
        await core.worker.start(carries=carries)
        stack.push_async_callback(core.worker.stop, GRACE_SECONDS)
        await replica.start([core.worker] if carries else [])
        stack.push_async_callback(replica.stop)
        await core.housekeeping.start()
        stack.push_async_callback(core.housekeeping.stop)
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


def _only_process(config: Config) -> AbstractContextManager[object]:
    """Hold the database file alone: SQLite is for one replica."""
    database = database_path(config.storage.url)
    if database is None:
        return nullcontext()
    if config.run.only:
        raise ConfigError(
            "run.only: SQLite is for one process, which does everything. Leave `only` empty, or set "
            "storage.url to a PostgreSQL database."
        )
    path = database.with_suffix(".lock")
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


def _replica(config: Config, database: Database, clock: Clock, *, may_lead: bool) -> Replica:
    lease = timedelta(seconds=config.storage.lease_seconds)
    alone = database_path(config.storage.url) is not None
    return Replica(SqlReplicas(database, lease, alone=alone), clock, lease, may_lead=may_lead)


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


async def _signer(config: Config, database: Database, clock: Clock) -> LinkSigner | None:
    """Who signs links to originals; None when people cannot reach this server."""
    if config.web.public_url is None:
        return None
    key = await secret(database, "links", SECRET_BYTES)
    lifetime = timedelta(days=config.web.link_days)
    return LinkSigner(key, config.web.public_url, lifetime, clock)


def _provider(config: Config, catalog: Catalog, archive: Archive) -> RunwayClient:
    secret = config.runway.api_secret
    if secret is None:
        raise ConfigError(
            "There is no Runway key. Set RUNWAYML_API_SECRET, or RUNWAYML_API_SECRET_FILE to a file "
            "that holds it."
        )
    runway = config.runway
    return RunwayClient(
        runway.base_url, secret.get_secret_value(), catalog, archive, runway.poll_seconds
    )


def _web_app() -> web.Application:
    app = web.Application(client_max_size=MOST_FORM_BYTES)
    app.on_response_prepare.append(harden)
    return app
