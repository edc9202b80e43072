"""The playground's messages: once by key, private where they should be, with growing revisions."""

import asyncio

import pytest

from storage.chat import ChatLog


@pytest.fixture
def log(database):
    return ChatLog(database)


async def texts(log: ChatLog, member: str, after: int = 0, limit: int = 100) -> list[str]:
    return [message["text"] for message in await log.visible([member], after, limit)]


async def test_a_message_comes_back_as_it_was(log):
    body = {"text": "fox 🦊 \ud83e <b>", "buttons": [{"label": "Retry"}], "job_id": None}
    added = await log.add(body, None, None)
    assert {name: added[name] for name in body} == body
    assert (added["seq"], added["private_to"]) == (1, None)
    assert await log.message(added["seq"]) == added
    assert await log.message(99) is None


async def test_a_key_makes_one_message(log):
    first = await log.add({"text": "first"}, "card:job1", None)
    assert await log.add({"text": "second"}, "card:job1", None) == first
    assert await texts(log, "ada") == ["first"]
    assert (await log.add({"text": "third"}, "card:job2", None))["seq"] != first["seq"]


async def test_a_key_makes_one_message_even_at_once(log):
    added = await asyncio.gather(*(log.add({"text": str(n)}, "key", None) for n in range(50)))
    assert {message["seq"] for message in added} == {1}
    assert len(await texts(log, "ada")) == 1


async def test_messages_without_a_key_are_all_kept(log):
    for _ in range(3):
        await log.add({"text": "hello"}, None, None)
    assert await texts(log, "ada") == ["hello"] * 3


async def test_a_private_message_is_seen_by_its_member_only(log):
    await log.add({"text": "for all"}, None, None)
    await log.add({"text": "for ada"}, None, "ada")
    assert await texts(log, "ada") == ["for all", "for ada"]
    assert await texts(log, "ben") == ["for all"]
    assert await texts(log, "") == ["for all"]
    assert await texts(log, "ADA") == ["for all"]


async def test_a_changed_private_message_stays_private(log):
    private = await log.add({"text": "for ada"}, None, "ada")
    await log.change(private["seq"], lambda _: {"text": "changed", "private_to": None})
    assert await texts(log, "ben") == []
    assert await texts(log, "ada") == ["changed"]


async def test_revisions_grow_with_every_change_and_tell_what_is_new(log):
    first = await log.add({"text": "one"}, None, None)
    second = await log.add({"text": "two"}, None, None)
    seen = second["revision"]
    changed = await log.change(first["seq"], lambda _: {"text": "one, changed"})
    assert first["revision"] < second["revision"] < changed["revision"]
    assert changed["seq"] == first["seq"]
    assert await texts(log, "ada", after=seen) == ["one, changed"]
    assert await texts(log, "ada", after=changed["revision"]) == []


async def test_many_at_once_have_each_their_own_revision(log):
    added = await asyncio.gather(*(log.add({"text": str(n)}, None, None) for n in range(50)))
    await asyncio.gather(*(log.change(m["seq"], lambda _: {"text": "new"}) for m in added))
    revisions = [message["revision"] for message in await log.visible(["ada"], 0, 100)]
    assert len(set(revisions)) == 50
    assert min(revisions) > max(message["revision"] for message in added)


async def test_the_latest_messages_are_shown_the_oldest_first(log):
    for n in range(5):
        await log.add({"text": str(n)}, None, None)
    assert await texts(log, "ada", limit=3) == ["2", "3", "4"]


async def test_a_message_that_is_not_there_cannot_be_changed(log):
    with pytest.raises(KeyError):
        await log.change(99, lambda body: body)


async def test_of_changes_at_once_by_several_replicas_all_stay(log, database):
    message = await log.add({"text": "", "reactions": []}, None, None)
    logs = [log, ChatLog(database), ChatLog(database)]

    def react(n):
        return lambda body: {**body, "reactions": [*body["reactions"], n]}

    await asyncio.gather(*(logs[n % 3].change(message["seq"], react(n)) for n in range(12)))
    stored = await log.message(message["seq"])
    assert sorted(stored["reactions"]) == list(range(12))


async def test_what_changed_after_a_revision_comes_in_the_order_of_the_changes(log):
    assert await log.newest() == 0
    first = await log.add({"text": "one"}, None, None)
    await log.add({"text": "two"}, None, "ada")
    seen = await log.newest()
    assert await log.changed(seen, 10) == []
    await log.add({"text": "three"}, None, None)
    await log.change(first["seq"], lambda body: {**body, "text": "one, changed"})
    news = await log.changed(seen, 10)
    assert [m["text"] for m in news] == ["three", "one, changed"]
    assert await log.newest() == news[-1]["revision"]
