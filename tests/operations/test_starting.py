"""Asked to end while it starts, the bot puts away what it has begun, and leaves nothing behind."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from bot.app import running
from bot.commandline.running import unless_asked
from bot.config import DiscordConfig, SlackConfig


def silent_platform(name, url):
    if name == "discord":
        gateway = url.replace("http", "ws")
        return DiscordConfig(token=SecretStr("a.b.c"), api_base=url, gateway=gateway)
    tokens = {"bot_token": SecretStr("xoxb-1"), "app_token": SecretStr("xapp-1")}
    return SlackConfig(api_base=f"{url}/api/", **tokens)


@pytest.fixture
async def silence():
    """A server that takes a connection and says nothing: its address, and when it was called."""
    called, ended = asyncio.Event(), asyncio.Event()

    async def take(_reader, writer):
        called.set()
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", called
    ended.set()
    server.close()


@pytest.mark.parametrize("name", ["discord", "slack"])
async def test_a_platform_that_does_not_answer_holds_no_end_up(settings, runway, silence, name):
    url, called = silence
    config = settings((await runway()).url, **{name: silent_platform(name, url)})
    stop = asyncio.Event()

    async def ask() -> None:
        await called.wait()
        stop.set()

    asking = asyncio.create_task(ask())
    async with AsyncExitStack() as stack:
        assert await unless_asked(stop, stack.enter_async_context(running(config))) is None
    await asking
    left = {task.get_name() for task in asyncio.all_tasks()}
    assert not any(
        word in each for each in left for word in ("discord", "slack", "lease", "orders")
    )
    async with AsyncExitStack() as stack:  # its database is free again
        second = asyncio.Event()
        second.set()
        assert await unless_asked(second, stack.enter_async_context(running(config))) is None


async def test_a_start_that_is_not_asked_to_end_comes_to_its_end():
    async def start():
        await asyncio.sleep(0)
        return "http://here"

    stop = asyncio.Event()
    assert await unless_asked(stop, start()) == "http://here"
    stop.set()
    await asyncio.sleep(0)  # whoever listened for it does no more


async def test_an_end_that_somebody_else_makes_is_not_taken_for_ours():
    ending = asyncio.create_task(unless_asked(asyncio.Event(), asyncio.sleep(60, "never")))
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
