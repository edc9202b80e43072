"""The composition root: the only place that builds objects; starts and stops them in order."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import IO
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web

from adapters.playground.chat import Chat, Person
from adapters.playground.guard import guard, harden
from adapters.playground.routes import Playground
from bot.answers import Answers
from bot.archive import Archive
from bot.catalog import Catalog, load_catalog
from bot.clock import SystemClock
from bot.config import Config, is_loopback
from bot.credits import Allowance
from bot.errors import ConfigError
from bot.estimates import Estimates
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.ports import ChatPlatform, Library
from bot.presenter import Presenter
from bot.runway.client import RunwayClient
from bot.service import Service
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.pauses import Pauses
from bot.steps.submit import Submission
from bot.steps.watch import Watch
from bot.web import WebServer
from bot.worker import Worker
from storage.chat import ChatLog
from storage.database import Database
from storage.ledger import Defaults
from storage.storage import SqlStorage, database_path, open_database

log = structlog.get_logger()

# How long steps under way may go on after the process was asked to end.
GRACE_SECONDS = 20.0
# As many finished jobs teach how long the next ones take.
TIMINGS_READ = 5000
# The largest form that is taken; files are counted one by one while they arrive.
MOST_FORM_BYTES = 2_100_000_000


@asynccontextmanager
async def running(config: Config, *, live: bool = True) -> AsyncIterator[str]:
    """Everything started, in order; stopped in reverse. Yields the address of the web server."""
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        stack.callback(_only_process(config.storage.url).close)
        database = await open_database(config.storage.url)
        stack.push_async_callback(database.close)
        catalog = _catalog(config)
        archive = _archive(config)
        storage = SqlStorage(database, _defaults(config))
        chat = _playground_chat(config, database, clock)
        chats: dict[str, ChatPlatform] = {"playground": chat}
        provider = await stack.enter_async_context(_provider(config, catalog, archive))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        downloader = Downloader(session, allow_loopback=is_loopback(config.runway.base_url))
        library = MediaLibrary(archive, downloader)
        presenter = Presenter(chats, storage, catalog, clock)
        worker = await _worker(config, storage, provider, catalog, presenter, library, chats, clock)
        answers = Answers(storage=storage, catalog=catalog, worker=worker, chats=chats, clock=clock)
        service = Service(
            storage=storage,
            catalog=catalog,
            library=library,
            presenter=presenter,
            worker=worker,
            answers=answers,
            clock=clock,
        )
        playground = Playground(service, chat, catalog, archive, live=live)
        server = WebServer(_web_app(config, playground), config.web.host, config.web.port)
        # Bound before the worker starts: a port that is taken must cost nobody a job.
        await server.start()
        stack.push_async_callback(server.stop)
        await worker.start()
        stack.push_async_callback(worker.stop, GRACE_SECONDS)
        log.info("ready", url=server.url)
        yield server.url


def _only_process(url: str) -> IO[str]:
    """Hold the database file alone: two processes on one SQLite would each carry every job."""
    path = database_path(url).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(
            f"Another Dailies is running on {path.parent}. Stop it, or set another storage.url."
        ) from None
    return file


def _catalog(config: Config) -> Catalog:
    try:
        return load_catalog(config.models)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _archive(config: Config) -> Archive:
    try:
        return Archive(config.archive.url)
    except ValueError as error:
        raise ConfigError(f"archive.url: {error}") from error


def _defaults(config: Config) -> Defaults:
    quota = config.quota
    return Defaults(
        Allowance(quota.credits, quota.period), quota.jobs_in_flight, ZoneInfo(quota.time_zone)
    )


def _playground_chat(config: Config, database: Database, clock: SystemClock) -> Chat:
    people = [Person(p.id, p.name, p.admin) for p in config.playground.members]
    return Chat(ChatLog(database), people, clock)


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


async def _worker(
    config: Config,
    storage: SqlStorage,
    provider: RunwayClient,
    catalog: Catalog,
    presenter: Presenter,
    library: Library,
    chats: dict[str, ChatPlatform],
    clock: SystemClock,
) -> Worker:
    estimates = Estimates(await storage.timings(TIMINGS_READ))
    return Worker(
        storage=storage,
        provider=provider,
        catalog=catalog,
        presenter=presenter,
        estimates=estimates,
        submission=Submission(storage, provider, presenter, clock),
        watch=Watch(storage, provider, presenter, estimates, clock),
        collection=Collection(storage, provider, library, clock, Pauses()),
        delivery=Delivery(storage, chats, catalog, clock, Pauses()),
        clock=clock,
        poll_floor=config.runway.poll_seconds,
    )


def _web_app(config: Config, playground: Playground) -> web.Application:
    loopback_only = is_loopback(f"http://{config.web.host}")
    app = web.Application(
        middlewares=[guard(loopback_only=loopback_only)], client_max_size=MOST_FORM_BYTES
    )
    app.on_response_prepare.append(harden)
    playground.add_routes(app)
    return app
