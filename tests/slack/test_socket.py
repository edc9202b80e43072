"""The watch over Socket Mode, with the SDK's own client; on a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from adapters.slack.api import Clients
from adapters.slack.socket import LOST_SECONDS, QUIET_SECONDS, Socket
from bot.errors import ConfigError
from tests.slack.clocks import HandClock
from tests.slack.methods import APP_TOKEN, BOT, SECRET, TEAM
from tests.slack.server import SlackServer

Json = dict[str, Any]
Connect = Callable[..., Awaitable[HandClock]]


@pytest.fixture
def heard() -> list[str]:
    """The texts of the messages that arrived."""
    return []


@pytest.fixture
def sessions() -> list[str]:
    """The sessions that began, as the watch told of them."""
    return []


@pytest.fixture
async def connect(
    server: SlackServer, session: aiohttp.ClientSession, heard: list[str], sessions: list[str]
) -> AsyncIterator[Connect]:
    """Start a watched socket; the clock that its watch goes by."""
    sockets: list[Socket] = []

    async def start(token: str = APP_TOKEN) -> HandClock:
        clients = Clients(f"{server.url}/api/", session, direct=True)
        clock = HandClock()
        app = _app(clients, heard)
        socket = Socket(
            app, clients, token, clock, _ours, lambda: sessions.append("one more"), direct=True
        )
        sockets.append(socket)
        await socket.start()
        await clock.all_asleep()
        return clock

    yield start
    for socket in sockets:
        await socket.stop()


async def _ours() -> bool:
    """There is no other replica."""
    return True


def _app(clients: Clients, heard: list[str]) -> AsyncApp:
    async def authorize(**_: Any) -> Any:
        from slack_bolt.authorization import AuthorizeResult

        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_user_id=BOT)

    client = clients.make(None, repeats=True)
    app = AsyncApp(signing_secret=SECRET, client=client, authorize=authorize)

    async def message(event: Json) -> None:
        heard.append(event["text"])

    app.event("message")(message)
    return app


async def say(server: SlackServer, heard: list[str], text: str) -> None:
    """Send a message over the newest socket, and see it arrive."""
    event = {"type": "message", "channel": "C1", "user": "U1", "text": text, "ts": "1.1"}
    payload = {"type": "event_callback", "team_id": TEAM, "event_id": text, "event": event}
    await server.send("events_api", payload)
    async with asyncio.timeout(20):
        while text not in heard:  # noqa: ASYNC110 - Bolt answers before it hands on
            await asyncio.sleep(0.005)


def opened(server: SlackServer) -> int:
    """How many connections were asked for, by the watch or by the SDK itself."""
    return len(server.called("apps.connections.open"))


async def connected(server: SlackServer) -> None:
    async with asyncio.timeout(20), server.changed:
        await server.changed.wait_for(lambda: server.sockets)


async def test_a_socket_on_which_nothing_comes_is_replaced_and_the_new_one_is_heard(
    server: SlackServer, connect: Connect, heard: list[str]
) -> None:
    clock = await connect()
    first = server.sockets[0]
    await clock.pass_by(QUIET_SECONDS - 5)
    assert opened(server) == 1
    await clock.pass_by(5)
    assert opened(server) == 2
    assert first.closed
    await say(server, heard, "hello")


async def test_a_socket_on_which_something_comes_stays(
    server: SlackServer, connect: Connect, heard: list[str]
) -> None:
    clock = await connect()
    for text in ("one", "two", "three"):
        await clock.pass_by(QUIET_SECONDS - 5)
        await say(server, heard, text)
    assert opened(server) == 1


async def test_a_dead_socket_is_replaced_where_the_sdk_tries_a_used_ticket_for_ever(
    server: SlackServer, connect: Connect, heard: list[str]
) -> None:
    clock = await connect()
    server.faults.sockets_refused = True
    await server.sockets[0].close()
    # The SDK asks for one address and goes on with it, whatever comes of it.
    async with asyncio.timeout(20), server.changed:
        await server.changed.wait_for(lambda: opened(server) == 2)
    server.tickets.clear()
    server.faults.sockets_refused = False
    assert server.sockets == []
    await clock.pass_by(LOST_SECONDS + 5)
    await connected(server)
    await say(server, heard, "back again")


async def test_every_new_session_is_told_of_and_nothing_else(
    server: SlackServer, connect: Connect, heard: list[str], sessions: list[str]
) -> None:
    await connect()
    await say(server, heard, '{"type":"hello"}')
    assert len(sessions) == 1
    await server.sockets[0].close()  # the SDK connects again by itself
    await connected(server)
    await say(server, heard, "again")
    assert len(sessions) == 2


async def test_where_slack_gives_no_address_it_is_asked_again_until_it_does(
    server: SlackServer, connect: Connect, heard: list[str]
) -> None:
    server.faults.broken["apps.connections.open"] = 3
    clock = await connect()
    assert server.sockets == []
    await clock.pass_by(60)
    await connected(server)
    await say(server, heard, "at last")


async def test_a_token_that_slack_does_not_take_is_told_at_once(connect: Connect) -> None:
    with pytest.raises(ConfigError, match=r"app-level token \(invalid_auth\)"):
        await connect("xapp-wrong")
