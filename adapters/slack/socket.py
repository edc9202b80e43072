"""Socket Mode, watched: the SDK reconnects by itself, but not out of everything."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from adapters.slack.api import Clients, call
from adapters.slack.errors import SlackRefused
from bot.errors import ChatError, ConfigError
from bot.ports import Clock

log = structlog.get_logger()

PING_SECONDS = 5.0
LOOK_SECONDS = 5.0
# The SDK's own reconnecting gets so long; it tries one address for ever (a ticket that ran out too).
LOST_SECONDS = 20.0
# Sessions are known to go quiet for good while pings are still answered (bolt-python#1529). A fresh
# one costs 50 ms.
QUIET_SECONDS = 900.0
CONNECT_SECONDS = 15.0
RETRY_SECONDS = 5.0
_BAD_TOKEN = ("invalid_auth", "not_authed", "not_allowed_token_type", "account_inactive",
              "token_revoked", "missing_scope", "no_permission")  # fmt: skip


class Socket:
    """Keeps one connection that works; a new one takes the place of one that does not.

    `began` is called when a session begins: what happened since the last one was told to nobody.
    """

    def __init__(
        self,
        app: AsyncApp,
        clients: Clients,
        app_token: str,
        clock: Clock,
        has_place: Callable[[], Awaitable[bool]],
        began: Callable[[], object],
        *,
        direct: bool,
    ) -> None:
        self._app = app
        self._clients = clients
        self._app_token = app_token
        self._clock = clock
        self._has_place = has_place
        self._began = began
        self._direct = direct
        self._handler: AsyncSocketModeHandler | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._standing_by = False
        self._heard = self._clock.monotonic()
        self._connected = self._clock.monotonic()

    def connected(self) -> bool:
        """Whether Slack was there when we last looked; also where other replicas have all sockets."""
        return self._standing_by or (
            self._handler is not None
            and self._clock.monotonic() - self._connected < LOST_SECONDS + LOOK_SECONDS
        )

    async def start(self) -> None:
        """Connect; raises ConfigError when Slack does not take the token."""
        try:
            self._standing_by = not await self._has_place()
            if not self._standing_by:
                await self._connect()
        except SlackRefused as error:
            if error.code in _BAD_TOKEN:
                raise ConfigError(
                    f"Slack does not accept the app-level token ({error.code}). It begins with xapp- "
                    "and needs connections:write; set SLACK_APP_TOKEN."
                ) from error
            log.warning("not connected yet", error=str(error))
        except (ChatError, TimeoutError) as error:
            log.warning("not connected yet", error=str(error) or type(error).__name__)
        self._watcher = asyncio.create_task(self._watch(), name="slack socket")

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._disconnect()

    async def _connect(self) -> None:
        client = self._clients.make(self._app_token, repeats=True)
        answer = await call(client, "apps.connections.open")
        handler = AsyncSocketModeHandler(
            self._app,
            self._app_token,
            logger=self._clients.logger,
            web_client=client,
            ping_interval=PING_SECONDS,
        )
        self._handler = handler
        socket = handler.client
        assert isinstance(socket, SocketModeClient)  # noqa: S101 - what the handler makes
        if self._direct:
            socket.proxy = None
        socket.wss_uri = str(answer["url"])
        socket.on_message_listeners.append(self._note_frame)
        async with asyncio.timeout(CONNECT_SECONDS):
            await handler.connect_async()  # type: ignore[no-untyped-call] # the SDK's
        self._heard = self._connected = self._clock.monotonic()

    async def _disconnect(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await handler.close_async()  # type: ignore[no-untyped-call] # the SDK's
        except (TimeoutError, OSError) as error:
            log.warning("old socket not closed", error=type(error).__name__)

    async def _note_frame(self, frame: WSMessage) -> None:
        self._heard = self._clock.monotonic()
        # The SDK begins sessions by itself, too.
        if '"hello"' in frame.data and json.loads(frame.data).get("type") == "hello":
            self._began()

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except (ChatError, TimeoutError) as error:
                log.warning("not connected", error=str(error) or type(error).__name__)
                await self._clock.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("the socket's watch failed")

    async def _look(self) -> None:
        self._standing_by = not await self._has_place()
        if self._standing_by:
            await self._disconnect()
            return
        now = self._clock.monotonic()
        if self._handler is not None and await self._handler.client.is_connected():
            self._connected = now
        lost = now - self._connected >= LOST_SECONDS or self._handler is None
        if not lost and now - self._heard < QUIET_SECONDS:
            return
        log.info("connecting anew", lost=lost)
        await self._disconnect()
        await self._connect()
