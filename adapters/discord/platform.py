"""Discord as a platform of ours: everything put together, started and stopped in order."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import discord
import structlog
from aiohttp import web

from adapters.discord.chat import Chat
from adapters.discord.client import Client, point_at
from adapters.discord.guilds import Guilds
from adapters.discord.identify import Pace
from adapters.discord.intake import Intake
from adapters.discord.interactions import Interactions
from adapters.discord.line import Line
from adapters.discord.members import PLATFORM, Members
from adapters.discord.reactions import Reactions, Shard
from adapters.discord.sync import CommandSync
from adapters.discord.uploads import MIB, Uploads
from adapters.platform import Acknowledged, unmeasured
from bot.catalog import Catalog
from bot.config import DiscordConfig
from bot.ports import Archive, Clock, EventLog, Fitter
from bot.replica import Replica
from bot.service import Service

log = structlog.get_logger()

# How long answers under way may still take when the process ends.
GRACE_SECONDS = 10.0


class Discord:
    """Implements adapters.platform.Platform, and takes the client's events."""

    name = PLATFORM

    def __init__(
        self,
        config: DiscordConfig,
        token: str,
        catalog: Catalog,
        archive: Archive,
        events: EventLog,
        clock: Clock,
        fitter: Fitter,
        replica: Replica,
        *,
        listens: bool = True,
        acknowledged: Acknowledged = unmeasured,
    ) -> None:
        """`listens`: whether events are heard here; messages are sent in any case."""
        point_at(config.api_base, config.gateway)
        self._config = config
        self._acknowledged = acknowledged
        self._catalog = catalog
        self._events = events
        self._clock = clock
        self._replica = replica
        self._listens = listens
        pace = Pace(clock, events)
        self._line = Line(
            token,
            lambda: Client(self, pace, shard_count=config.shard_count),
            self._shards,
            clock,
        )
        guilds = Guilds(self._line, clock)
        self._members = Members(self._line, guilds, clock, config.admins)
        self._chat = Chat(
            self._line,
            self._members,
            guilds,
            Uploads(archive, fitter),
            upload_limit=config.upload_limit_mb * MIB,
            alert_channel=config.alert_channel,
        )
        self._intake = Intake(loopback=config.api_base is not None)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sync: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def chat(self) -> Chat:
        return self._chat

    def connect(self, service: Service) -> None:
        self._interactions = Interactions(
            service, self._catalog, self._members, self._intake, self._acknowledged
        )
        self._reactions = Reactions(
            service, self._line, self._chat, self._members, self._events, self._clock
        )

    def add_routes(self, app: web.Application) -> None:
        """Nothing: Discord is called, and calls back on the same line."""

    def connected(self) -> bool:
        return self._line.connected()

    async def start(self) -> None:
        await self._line.start()
        if self._listens and (not self._config.shard_ids or 0 in self._config.shard_ids):
            sync = CommandSync(self._line, self._catalog, self._clock, self._is_first)
            self._sync = self._begin("discord commands", sync.keep())

    async def _shards(self, count: int) -> frozenset[int]:
        """The shards to listen on: those that were configured, or our share among replicas."""
        if not self._listens:
            return frozenset()
        if self._config.shard_ids:
            return frozenset(self._config.shard_ids)
        return await self._replica.share(PLATFORM, count)

    async def _is_first(self) -> bool:
        return 0 in await self._replica.share(f"{PLATFORM} commands", 1)

    async def stop(self) -> None:
        self._stopping = True
        self._reactions.stop()
        if self._sync is not None:
            self._sync.cancel()
        await self._line.stop()
        # Who has asked a moment ago still gets an answer.
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        await self._line.close()
        await self._intake.close()

    async def interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        if not self._stopping:
            with self._under_way():
                await self._interactions.handle(interaction)

    async def reaction(self, event: discord.RawReactionActionEvent) -> None:
        if not self._stopping:
            with self._under_way():
                await self._reactions.seen(event)

    async def ready(self, shard: int) -> None:
        """A new session: what happened since the last one was not told to us."""
        client = await self._line.client()
        log.info("listening to Discord", shard=shard, servers=len(client.guilds))
        handled = Shard(shard, client.shard_count or 1)
        self._begin(f"discord reactions {shard}", self._reactions.reread(handled))

    def _begin(self, name: str, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._watch(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        """The library's task for an event, which is waited for at the end."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - an event is handled in a task
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    @staticmethod
    async def _watch(name: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a task of Discord failed", task_name=name)
