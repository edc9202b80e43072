"""The playground's page at one replica hears of what another one writes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.playground.chat import CHANNEL, WORKSPACE, Chat, Person
from bot.clock import SystemClock
from bot.jobs import Member, State
from bot.views import Card, Notice
from storage.chat import ChatLog

ADA = Person("ada", "Ada")


RUNNING = Card("j1", Member(WORKSPACE, "ada"), "Imagine", "a fox", State.RUNNING, (), ())


@pytest.fixture
def chat(database):
    return lambda: Chat(ChatLog(database), [ADA], SystemClock())


async def certain() -> None:
    """Whoever asks still holds the job."""


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


async def test_an_end_that_another_replica_has_shown_is_not_edited_away(chat, database):
    """It looked at the card, stood still, and goes on when another has come to the end."""
    there = chat()

    class Slow(ChatLog):
        async def message(self, seq: int) -> dict[str, Any] | None:
            looked = await super().message(seq)
            await there.update_card(CHANNEL, str(seq), end, certain)
            return looked

    first = replace(RUNNING, state=State.COLLECTING)
    late, end = replace(first, state=State.DELIVERING), replace(first, state=State.DELIVERED)
    message = await there.post_card(CHANNEL, first, "card:j1", certain)
    here = Chat(Slow(database), [ADA], SystemClock())
    await here.update_card(CHANNEL, message, late, certain)
    shown = await there.message(int(message), ADA)
    assert shown["card"]["state"] == State.DELIVERED
    # One that has stayed where it is may be edited.
    await there.update_card(CHANNEL, message, replace(end, title="Animate"), certain)
    assert (await there.message(int(message), ADA))["card"]["title"] == "Animate"


async def test_progress_shows_nothing_of_a_job_that_another_replica_has_ended(chat):
    here, there = chat(), chat()
    message = await here.post_card(CHANNEL, RUNNING, "card:j1", certain)
    await here.update_card(CHANNEL, message, replace(RUNNING, progress=0.4), certain)
    (shown,) = await here.messages(ADA)
    assert (shown["card"]["state"], shown["card"]["progress"]) == (State.RUNNING, 0.4)
    end = replace(RUNNING, state=State.DELIVERED)
    await there.update_card(CHANNEL, message, end, certain)
    (shown,) = await here.messages(ADA)
    assert (shown["card"]["state"], shown["card"]["progress"]) == (State.DELIVERED, None)


async def test_a_reaction_and_the_progress_of_a_card_are_both_shown(chat):
    here, there = chat(), chat()
    message = await here.post_card(CHANNEL, RUNNING, "card:j1", certain)
    with here.hub.page(["ada"]) as page:
        await here.update_card(CHANNEL, message, replace(RUNNING, progress=0.4), certain)
        await here.react(int(message), "ada", "👍")
        await there.react(int(message), "ada", "🎉")
        events = page.read(heartbeat=10.0)
        told = [here.as_seen((await anext(events))[1], "ada") for _ in range(2)]
        await events.aclose()
    assert [m["card"]["progress"] for m in told] == [0.4, 0.4]
    (shown,) = await here.messages(ADA)
    assert shown["card"]["progress"] == 0.4
    assert [r["emoji"] for r in shown["reactions"]] == ["👍", "🎉"]


async def test_an_open_page_is_let_go_when_the_server_stops(chat):
    hub = chat().hub
    with hub.page(["ada"]) as page:
        hub.publish("message", {"text": "last"}, None)
        hub.close()
        assert [event async for event in page.read(heartbeat=10.0)] == [
            ("message", {"text": "last"})
        ]
    with hub.page(["ada"]) as late:
        assert [event async for event in late.read(heartbeat=10.0)] == []
