"""The composition root: builds what touches the world; starts and stops everything in order."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from datetime import timedelta
from zoneinfo import ZoneInfo

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
from storage.engines import database_path, open_database
from storage.installations import SqlInstallations
from storage.messages import Messages
from storage.quota import SqlQuotas
from storage.receipts import SqlReceipts
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
async def running(config: Config, *, live: bool = True) -> AsyncIterator[str]:
    """Everything started, in order; stopped in reverse. Yields the address of the web server."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_process(config.storage.url))
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
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, downloader),
            archive=archive,
            chats={platform.name: platform.chat for platform in platforms},
            replicas=_replicas(config, database),
        )
        stack.push_async_callback(core.replica.leave)
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
        await core.replica.start([core.worker])
        stack.push_async_callback(core.replica.stop)
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


def _only_process(url: str) -> AbstractContextManager[object]:
    """Hold the database file alone: SQLite is for one replica."""
    database = database_path(url)
    if database is None:
        return nullcontext()
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


def _defaults(config: Config) -> Defaults:
    quota = config.quota
    return Defaults(
        Allowance(quota.credits, quota.period),
        quota.jobs_in_flight,
        ZoneInfo(quota.time_zone),
        moderation_of(config),
        quota.confirm_above,
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
        chat = Chat(ChatLog(database), people, SystemClock(), fitter, limit, archive)
        local = is_loopback(f"http://{config.web.host}")
        platforms.append(Playground(chat, catalog, archive, live=live, local=local))
    if config.slack.enabled:
        platforms.append(_slack(config, database, catalog, archive))
    if config.discord.token is not None:
        token = config.discord.token.get_secret_value()
        platforms.append(_discord(config, token, database, catalog, archive, fitter))
    if not platforms:
        raise ConfigError(
            "There is no platform to run on. Set DISCORD_TOKEN for Discord, SLACK_BOT_TOKEN and "
            "SLACK_APP_TOKEN for Slack, or "
            "DAILIES_PLAYGROUND__ENABLED=true for the local web chat."
        )
    return platforms


# The chat libraries are loaded where they are used: each takes most of a second of every start.
def _slack(config: Config, database: Database, catalog: Catalog, archive: Archive) -> Platform:
    from adapters.slack.platform import Slack

    config.slack.check()
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
