"""The playground's page at one replica hears of what another one writes."""

import asyncio

import pytest

from adapters.playground.chat import CHANNEL, WORKSPACE, Chat, Person
from bot.clock import SystemClock
from bot.jobs import Member
from bot.views import Notice
from storage.chat import ChatLog

ADA = Person("ada", "Ada")


@pytest.fixture
def chat(database):
    return lambda: Chat(ChatLog(database), [ADA], SystemClock())


async def test_a_message_of_another_replica_reaches_an_open_page_once(chat):
    here, there = chat(), chat()
    following = asyncio.create_task(here.follow(await here.newest()))
    with here.hub.page(["ada"]) as page:
        events = page.read(heartbeat=10.0)
        await here.notify(Member(WORKSPACE, "ada"), CHANNEL, Notice(("own",)))
        assert (await anext(events))[1]["text"] == "own"
        for text in ("first", "second"):
            await there.notify(Member(WORKSPACE, "ada"), CHANNEL, Notice((text,)))
        heard = [(await anext(events))[1]["text"] for _ in range(2)]
        await events.aclose()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert heard == ["first", "second"]
