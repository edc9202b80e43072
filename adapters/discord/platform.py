"""Discord as a platform of ours: everything put together, started and stopped in order."""

import asyncio
from collections.abc import Coroutine

import discord
import structlog
from aiohttp import web

from adapters.discord.chat import Chat
from adapters.discord.client import Client, Pace, point_at
from adapters.discord.intake import Intake
from adapters.discord.interactions import Interactions
from adapters.discord.line import Line
from adapters.discord.members import PLATFORM, Members
from adapters.discord.reactions import Book, Reactions, Shard
from adapters.discord.sync import CommandSync
from adapters.discord.uploads import MIB, Uploads
from adapters.platform import Acknowledged, unmeasured
from bot.catalog import Catalog
from bot.config import DiscordConfig
from bot.ports import Archive, Clock, Fitter
from bot.service import Service

log = structlog.get_logger()


class Discord:
    """Implements adapters.platform.Platform, and takes the client's events."""

    name = PLATFORM

    def __init__(
        self,
        config: DiscordConfig,
        token: str,
        catalog: Catalog,
        archive: Archive,
        book: Book,
        clock: Clock,
        fitter: Fitter,
        acknowledged: Acknowledged = unmeasured,
    ) -> None:
        point_at(config.api_base, config.gateway)
        self._config = config
        self._acknowledged = acknowledged
        self._catalog = catalog
        self._book = book
        self._clock = clock
        pace = Pace()
        self._line = Line(
            token,
            lambda: Client(self, pace, shard_count=config.shard_count, shard_ids=config.shard_ids),
        )
        self._members = Members(self._line)
        self._chat = Chat(
            self._line,
            self._members,
            Uploads(archive, fitter),
            upload_limit=config.upload_limit_mb * MIB,
            alert_channel=config.alert_channel,
        )
        self._intake = Intake(loopback=config.api_base is not None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def chat(self) -> Chat:
        return self._chat

    def connect(self, service: Service) -> None:
        self._interactions = Interactions(
            service, self._catalog, self._members, self._intake, self._acknowledged
        )
        self._reactions = Reactions(
            service, self._line, self._chat, self._members, self._book, self._clock
        )

    def add_routes(self, app: web.Application) -> None:
        """Nothing: Discord is called, and calls back on the same line."""

    def connected(self) -> bool:
        return self._line.connected()

    async def start(self) -> None:
        await self._line.start()
        if not self._config.shard_ids or 0 in self._config.shard_ids:
            self._begin("discord commands", CommandSync(self._line, self._catalog).keep())

    async def stop(self) -> None:
        self._stopping = True
        await self._line.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        await self._line.close()
        await self._intake.close()

    async def interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        if not self._stopping:
            await self._interactions.handle(interaction)

    async def reaction(self, event: discord.RawReactionActionEvent) -> None:
        if not self._stopping:
            await self._reactions.seen(event)

    async def ready(self, shard: int) -> None:
        """A new session: what happened since the last one was not told to us."""
        client = await self._line.client()
        log.info("listening to Discord", shard=shard, servers=len(client.guilds))
        handled = Shard(shard, client.shard_count or 1)
        self._begin(f"discord reactions {shard}", self._reactions.reread(handled))

    def _begin(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._watch(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _watch(name: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a task of Discord failed", task_name=name)
