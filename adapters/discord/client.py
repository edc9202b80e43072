"""The library's client, as we want it: few intents, slow to identify, and all events to one place."""

import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from adapters.discord.failures import NETWORK
from adapters.discord.identify import Pace, Sessions

log = structlog.get_logger()

# Where people are and what they react with; neither is privileged.
INTENTS = discord.Intents(guilds=True, guild_reactions=True)
# The 100 MiB that the most boosted servers take, over a line of half a megabit a second; aiohttp's own
# total is 300 s. The answer's time begins when all is sent.
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=1800, sock_connect=30, sock_read=120)


class Events(Protocol):
    """Who is told what happens."""

    async def interaction(self, interaction: discord.Interaction[discord.Client]) -> None: ...
    async def reaction(self, event: discord.RawReactionActionEvent) -> None: ...
    async def ready(self, shard: int) -> None: ...


class Client(discord.AutoShardedClient):
    """Keeps no messages and no members; hands every event on."""

    def __init__(
        self,
        events: Events,
        pace: Pace,
        *,
        shard_count: int | None,
    ) -> None:
        # It would warn at each start that it cannot talk.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            shard_count=shard_count,
        )
        self.http.request = _patient(self.http.request)  # type: ignore[method-assign]
        self._events = events
        self._pace = pace
        self._sessions = Sessions()

    async def plan_shards(self) -> None:
        """Ask how many shards to run, and whether so many sessions may still be begun today."""
        advised, self._sessions = await self._advice()
        while await self._pace.spare(self._sessions):
            advised, self._sessions = await self._advice()
        # With a number, the library takes the gateway's usual address and survives a failed start.
        self.shard_count = self.shard_count or advised

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until an identify can do no harm."""
        if not initial:
            _, self._sessions = await self._advice()
        await self._pace.turn(shard_id or 0, self.shard_count or 1, self._sessions)

    async def _advice(self) -> tuple[int, Sessions]:
        try:
            shards, _, limits = await self.http.get_bot_gateway()
        except (discord.GatewayNotFound, KeyError) as error:
            log.warning("no advice on shards", error=str(error))
            return 1, self._sessions
        return shards, Sessions.read(limits)

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        await self._events.interaction(interaction)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._events.reaction(event)

    async def on_shard_ready(self, shard_id: int) -> None:
        await self._events.ready(shard_id)

    async def stop_listening(self) -> None:
        """End the gateway; messages can still be sent."""
        for shard in self.shards.values():
            await shard.disconnect()

    async def close(self) -> None:
        """Let go of everything, also of what the library forgets."""
        # A session that was only half begun is known to the thread of its heartbeat alone.
        for thread in threading.enumerate():
            if isinstance(thread, KeepAliveHandler) and thread.ws._connection is self._connection:
                with suppress(*NETWORK):
                    await thread.ws.close(1000)
        await super().close()

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """The library would print it."""
        log.error("an event failed", event_name=event_method, exc_info=sys.exception())


def _patient(
    request: Callable[..., Coroutine[Any, Any, Any]],
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """The library's way to ask, with more time for files; it has no setting for that."""

    async def ask(route: Route, **options: Any) -> Any:
        if options.get("files"):
            options["timeout"] = UPLOAD_TIMEOUT
        return await request(route, **options)

    return ask


def point_at(api_base: str | None, gateway: str | None) -> None:
    """Let the library talk to a stand-in for Discord on this machine; it has no setting for that."""
    if api_base is not None:
        Route.BASE = api_base
    if gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
