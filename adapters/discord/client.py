"""The library's client, as we want it: few intents, slow to identify, and all events to one place."""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

log = structlog.get_logger()

# Where people are and what they react with; neither is privileged.
INTENTS = discord.Intents(guilds=True, guild_reactions=True)

# Discord resets a bot's token after 1000 identifies in 24 hours: the first few may follow each
# other as closely as it allows, after that the pauses double.
# https://discord.com/developers/docs/events/gateway#session-start-limit-object
IDENTIFY_SECONDS = 5.0
LONGEST_IDENTIFY_SECONDS = 600.0
FREE_IDENTIFIES = 2
FORGET_SECONDS = 3600.0
# So many of the 1000 are left alone.
SESSIONS_KEPT_BACK = 20


class Events(Protocol):
    """Who is told what happens."""

    async def interaction(self, interaction: discord.Interaction[discord.Client]) -> None: ...
    async def reaction(self, event: discord.RawReactionActionEvent) -> None: ...
    async def ready(self, shard: int) -> None: ...


class Pace:
    """When the next identify of a shard may be sent; it outlives the clients."""

    def __init__(self) -> None:
        self._sent: dict[int, list[float]] = {}

    def seconds_left(self, shard: int, now: float) -> float:
        """How long a shard must still wait."""
        sent = [at for at in self._sent.get(shard, ()) if now - at < FORGET_SECONDS]
        if not sent:
            return 0.0
        over = max(0, len(sent) - FREE_IDENTIFIES)
        pause = min(LONGEST_IDENTIFY_SECONDS, IDENTIFY_SECONDS * 2.0**over)
        return max(0.0, sent[-1] + pause - now)

    def note(self, shard: int, now: float) -> None:
        recent = [at for at in self._sent.get(shard, ()) if now - at < FORGET_SECONDS]
        self._sent[shard] = [*recent, now]


class Client(discord.AutoShardedClient):
    """Keeps no messages and no members; hands every event on."""

    def __init__(
        self,
        events: Events,
        pace: Pace,
        *,
        shard_count: int | None,
        shard_ids: Sequence[int] = (),
    ) -> None:
        # It would warn at each start that it cannot talk.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        chosen: dict[str, Any] = {"shard_ids": list(shard_ids)} if shard_ids else {}
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            shard_count=shard_count,
            **chosen,
        )
        self._events = events
        self._pace = pace

    async def plan_shards(self) -> None:
        """Ask how many shards to run, and whether so many sessions may still be begun today."""
        try:
            shards, _, limits = await self.http.get_bot_gateway()
        except (discord.GatewayNotFound, KeyError) as error:
            log.warning("no advice on shards", error=str(error))
            shards, limits = 1, None
        # With a number, the library takes the gateway's usual address and survives a failed start.
        self.shard_count = self.shard_count or shards
        if limits is not None and limits["remaining"] <= SESSIONS_KEPT_BACK:
            pause = limits["reset_after"] / 1000
            log.error("too many sessions were begun today", pause_seconds=pause)
            await asyncio.sleep(pause)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until an identify can do no harm."""
        shard = shard_id or 0
        while (left := self._pace.seconds_left(shard, time.monotonic())) > 0:
            log.info("waiting to identify", shard=shard, seconds=round(left))
            await asyncio.sleep(left)
        self._pace.note(shard, time.monotonic())
        if not initial:
            # Several shards of one process may identify together only so often.
            await asyncio.sleep(IDENTIFY_SECONDS if len(self.shards) > 1 else 0)

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

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """The library would print it."""
        log.error("an event failed", event_name=event_method, exc_info=sys.exception())


def point_at(api_base: str | None, gateway: str | None) -> None:
    """Let the library talk to a stand-in for Discord on this machine; it has no setting for that."""
    if api_base is not None:
        Route.BASE = api_base
    if gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
