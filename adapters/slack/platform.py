"""Slack as a platform: builds its parts, and starts and stops them in order."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.platform import Acknowledged, unmeasured
from adapters.slack.addresses import Addresses
from adapters.slack.afterwards import Afterwards
from adapters.slack.api import CALL_SECONDS, CONNECT_SECONDS, Clients
from adapters.slack.channels import Channels
from adapters.slack.chat import Chat
from adapters.slack.clicks import Clicks
from adapters.slack.commands import Commands
from adapters.slack.desk import Desk
from adapters.slack.documents import Documents
from adapters.slack.downloads import Downloads
from adapters.slack.errors import BAD_TOKEN, SlackRefused
from adapters.slack.homes import Homes
from adapters.slack.ladder import Ladder
from adapters.slack.listeners import Listeners
from adapters.slack.oauth import InstallationRows, Installed, oauth_settings
from adapters.slack.people import People
from adapters.slack.posts import Posts
from adapters.slack.socket import Socket
from adapters.slack.twins import Twins
from adapters.slack.uploads import Uploads
from adapters.slack.web import Events, add_oauth_routes
from adapters.slack.whispers import Whispers
from adapters.slack.workspaces import Workspaces
from bot.addresses import is_loopback
from bot.catalog import Catalog
from bot.config import SlackConfig
from bot.errors import ChatError, ConfigError
from bot.ports import Archive, Clock, EventLog, Fitter, Receipts
from bot.replica import Replica
from bot.service import Service

log = structlog.get_logger()

_API_TIMEOUT = aiohttp.ClientTimeout(total=CALL_SECONDS, sock_connect=CONNECT_SECONDS)


# One app may have so many sockets open: https://docs.slack.dev/apis/events-api/using-socket-mode
MOST_SOCKETS = 10


class Slack:
    """Implements adapters.platform.Platform."""

    name = "slack"

    def __init__(
        self,
        config: SlackConfig,
        *,
        receipts: Receipts,
        events: EventLog,
        installations: InstallationRows,
        catalog: Catalog,
        archive: Archive,
        clock: Clock,
        fitter: Fitter,
        replica: Replica,
        listens: bool = True,
        acknowledged: Acknowledged = unmeasured,
    ) -> None:
        """`listens`: whether people are heard here; messages are sent in any case."""
        self._config = config
        self._replica = replica
        self._listens = listens
        direct = is_loopback(config.api_base)
        self._api_session = aiohttp.ClientSession(
            timeout=_API_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._files_session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trust_env=not direct
        )
        clients = Clients(config.api_base, self._api_session, direct=direct)
        installed = Installed(installations, clock)
        token = config.bot_token.get_secret_value() if config.bot_token else None
        self._workspaces = Workspaces(clients, token, installed if config.oauth else None)
        people, channels = People(config.admins), Channels()
        addresses = Addresses(direct)
        documents = Documents(addresses, self._files_session)
        whispers = Whispers(
            people, channels, addresses, self._files_session, config.command_prefix, documents
        )
        posts = Posts(receipts, channels, clock)
        uploads = Uploads(receipts, archive, channels, addresses, self._files_session, clock)
        self._chat = Chat(
            self._workspaces,
            people,
            channels,
            posts,
            uploads,
            Ladder(uploads, fitter),
            whispers,
            config.alert_channel,
            clock,
        )
        downloads = Downloads(addresses, self._files_session)
        self._desk = Desk(people, channels, downloads, whispers, guests=config.guests)
        clicks = Clicks(self._desk, whispers, receipts, events, clock)
        self._afterwards = Afterwards(self._workspaces, receipts, events, clicks, clock)
        homes = Homes(self._desk, clicks, whispers, catalog)
        twins = Twins(events, replica, clock)
        commands = Commands(self._desk, twins, catalog, config.command_prefix)
        self._listeners = Listeners(self._workspaces, commands, clicks, homes)
        self._app = _bolt(config, clients, self._workspaces, installed, installations, clock)
        measure(self._app, acknowledged)
        self._listeners.register(self._app)
        self._socket = self._socket_of(config, clients, clock, direct=direct)

    @property
    def chat(self) -> Chat:
        return self._chat

    def connect(self, service: Service) -> None:
        self._desk.connect(service)

    def add_routes(self, app: web.Application) -> None:
        """Requests over HTTP, where that is the mode; and the pages of OAuth."""
        if self._config.mode == "http" and self._config.signing_secret is not None:
            Events(self._app, self._config.signing_secret.get_secret_value()).add_routes(app)
        add_oauth_routes(app, self._app)

    def connected(self) -> bool:
        """Over HTTP Slack calls us, so that there is nothing to be connected to."""
        return self._socket is None or not self._listens or self._socket.connected()

    async def start(self) -> None:
        """Listen to people; raises ConfigError when Slack does not take a token."""
        try:
            home = await self._workspaces.home()
        except SlackRefused as error:
            if error.permanent or error.code in BAD_TOKEN:
                raise ConfigError(
                    f"Slack does not accept the bot token ({error.code}). It begins with xoxb-; "
                    "copy it from the app's OAuth & Permissions page and set SLACK_BOT_TOKEN."
                ) from error
            log.warning("slack not reached yet", error=str(error))
        except ChatError as error:
            log.warning("slack not reached yet", error=str(error))
        else:
            log.info("slack", team=home.identity.team if home else None, mode=self._config.mode)
        if self._socket is not None and self._listens:
            await self._socket.start()
        elif self._listens:
            self._afterwards.begin()

    async def _has_socket(self) -> bool:
        """Whether one of the sockets that Slack allows is ours."""
        return bool(await self._replica.share("slack", MOST_SOCKETS))

    async def stop(self) -> None:
        if self._socket is not None:
            await self._socket.stop()
        await self._afterwards.stop()
        await self._listeners.finish()

    async def close(self) -> None:
        await self._chat.close()
        await self._api_session.close()
        await self._files_session.close()

    def _socket_of(
        self, config: SlackConfig, clients: Clients, clock: Clock, *, direct: bool
    ) -> Socket | None:
        if config.mode != "socket" or config.app_token is None:
            return None
        token = config.app_token.get_secret_value()
        began = self._afterwards.begin
        return Socket(self._app, clients, token, clock, self._has_socket, began, direct=direct)


def measure(app: AsyncApp, acknowledged: Acknowledged) -> None:
    """Tell how long Bolt takes for the answer to whatever Slack sends: that is the acknowledgement.

    What has not the form that Bolt expects is acknowledged, too: sent again, it would be the same.
    """
    dispatch = app.async_dispatch

    async def measured(req: AsyncBoltRequest) -> BoltResponse:
        began = time.monotonic()
        try:
            return await dispatch(req)
        except Exception:
            log.exception("request not understood")
            return BoltResponse(status=200)
        finally:
            acknowledged(time.monotonic() - began)

    app.async_dispatch = measured  # type: ignore[method-assign]  # Bolt has no place for it


def _bolt(
    config: SlackConfig,
    clients: Clients,
    workspaces: Workspaces,
    installed: Installed,
    rows: InstallationRows,
    clock: Clock,
) -> AsyncApp:
    settings = oauth_settings(config, installed, rows, clock)
    with _without_slack_environment():
        app = AsyncApp(
            name="dailies",
            logger=clients.logger,
            signing_secret=config.signing_secret.get_secret_value()
            if config.signing_secret
            else "",
            client=clients.make(None, repeats=True),
            authorize=workspaces,  # type: ignore[arg-type] # an AsyncAuthorize is taken too
            oauth_settings=settings,
            raise_error_for_unhandled_request=True,
            # A listener only acknowledges and begins what it is asked for. Otherwise Bolt runs it in
            # a task, and looks each millisecond whether that has acknowledged.
            process_before_response=True,
            attaching_conversation_kwargs_enabled=False,
        )
    if settings is not None:
        app.enable_token_revocation_listeners()
    return app


@contextmanager
def _without_slack_environment() -> Iterator[None]:
    """Bolt reads SLACK_* by itself: an id and a secret there turn OAuth on and our token off."""
    hidden = {name: value for name, value in os.environ.items() if name.startswith("SLACK_")}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
