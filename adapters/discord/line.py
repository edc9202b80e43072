"""The line to Discord: logged in, listening, and picked up again when it breaks.

discord.py ends on a failed login, on a close code that it does not know and on an event that it
cannot read. Each time a new client takes over; the pauses grow, since every new session counts.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import discord
import structlog

from adapters.discord.client import Client
from adapters.discord.failures import NETWORK
from bot.errors import ChatError, ConfigError
from bot.ports import Clock

log = structlog.get_logger()

# How long a message waits for the line before it is tried again later.
WAIT_SECONDS = 30.0
# How long the start waits for a first login; afterwards it goes on in the background.
LOGIN_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
# A line that held for so long is a good one: the pauses begin anew.
GOOD_SECONDS = 600.0
# So long a cancellation may take before the next one.
CANCEL_SECONDS = 0.5


# How often it is asked which shards are ours, where several replicas share them.
SHARES_SECONDS = 2.0
# Which of so many shards are ours.
Shards = Callable[[int], Awaitable[frozenset[int]]]


class Line:
    """One client at a time."""

    def __init__(
        self, token: str, new_client: Callable[[], Client], shards: Shards, clock: Clock
    ) -> None:
        self._token = token
        self._new_client = new_client
        self._shards = shards
        self._clock = clock
        self._client: Client | None = None
        self._logged_in = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._standing_by = False
        self._pause = FIRST_PAUSE_SECONDS

    @property
    def own_id(self) -> int:
        """The bot's own user; only while there is a client."""
        user = self._client.user if self._client is not None else None
        return user.id if user is not None else 0

    def connected(self) -> bool:
        """Whether every shard of ours hears Discord at this moment; also where others have them all."""
        client = self._client
        if self._standing_by:
            return self._logged_in.is_set()
        if client is None or not self._logged_in.is_set() or not client.is_ready():
            return False
        return not any(shard.is_closed() for shard in client.shards.values())

    async def client(self) -> Client:
        """The client, once it is logged in; a ChatError when that takes too long."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._logged_in.wait()
        except TimeoutError:
            raise ChatError("there is no connection to Discord") from None
        assert self._client is not None  # noqa: S101 - set before the event is
        return self._client

    async def start(self) -> None:
        """Log in and begin to listen; a token that is not accepted is a ConfigError."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(first), name="discord")
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                await asyncio.shield(first)
        except TimeoutError:
            first.cancel()
            log.warning("Discord is not reached; it is tried again in the background")

    async def stop(self) -> None:
        """Hear no more; messages can still be sent."""
        self._stopping = True
        if self._client is not None:
            await self._client.stop_listening()
        if self._task is not None:
            await _end(self._task)

    async def close(self) -> None:
        """Let go of the client."""
        self._stopping = True
        self._logged_in.clear()
        if self._client is not None:
            await self._client.close()

    async def _run(self, first: "asyncio.Future[None]") -> None:
        while not self._stopping:
            began = self._clock.monotonic()
            try:
                await self._listen(first)
            except discord.LoginFailure:
                if not first.done():
                    first.set_exception(
                        ConfigError("Discord does not accept the bot's token (DISCORD_TOKEN).")
                    )
                    return
                log.error("Discord no longer accepts the token; set a new one and restart")
                self._pause = LONGEST_PAUSE_SECONDS
            except (discord.DiscordException, *NETWORK) as error:
                log.warning("the line to Discord broke", error=str(error) or type(error).__name__)
            except Exception:
                # An event that the library cannot read ends it like this.
                log.exception("the line to Discord broke")
            await self._rest(self._clock.monotonic() - began)

    async def _listen(self, first: "asyncio.Future[None]") -> None:
        previous, self._client = self._client, self._new_client()
        if previous is not None:
            await previous.close()
        await self._client.login(self._token)
        self._logged_in.set()
        if not first.done():
            first.set_result(None)
        try:
            await self._client.plan_shards()
            await self._hear(self._client)
        finally:
            if not self._stopping:
                self._logged_in.clear()

    async def _hear(self, client: Client) -> None:
        """Listen on the shards that are ours until they are others."""
        count = client.shard_count or 1
        while not (mine := await self._shards(count)):
            self._standing_by = True
            await self._clock.sleep(SHARES_SECONDS)
        self._standing_by = False
        client.shard_ids = sorted(mine)
        hearing = asyncio.create_task(client.connect(), name="discord gateway")
        looking = asyncio.create_task(self._until_others(count, mine), name="discord shares")
        try:
            await asyncio.wait({hearing, looking}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                log.info("other shards are ours now", had=sorted(mine))
                await client.stop_listening()
                return
            await hearing
        finally:
            looking.cancel()
            await _end(hearing)

    async def _until_others(self, count: int, mine: frozenset[int]) -> None:
        while await self._shards(count) == mine:
            await self._clock.sleep(SHARES_SECONDS)

    async def _rest(self, lasted: float) -> None:
        if lasted >= GOOD_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        await self._clock.sleep(self._pause * (1 + random.random() / 4))  # noqa: S311 - spreads load
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel a task, also one in which the library swallows that once.

    It does so while it begins a session again (discord/shard.py).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_SECONDS)
