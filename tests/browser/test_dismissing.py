"""A private message that was dismissed stays away, and takes no other message with it."""

import shutil

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOST = [r"net::ERR_", r"EventSource"]


async def refused(chat, count):
    """Be refused so often, and wait for the private words about it."""
    for number in range(1, count + 1):
        await chat.command(f"/nothing{number}")
        await expect(chat.notes.filter(has_text=f"/nothing{number}")).to_have_count(1)


async def dismiss(chat, text):
    note = chat.notes.filter(has_text=text)
    await note.get_by_role("button", name="Dismiss").click()
    await expect(note).to_have_count(0)


async def test_what_was_dismissed_in_either_of_two_tabs_stays_away(enter, set_up):
    own = await set_up()
    one = await enter("ada", own.url)
    await refused(one, 3)
    other = await one.tab()
    await dismiss(one, "/nothing1")
    await dismiss(other, "/nothing3")
    for chat in (one, other):
        await chat.page.reload()
        await expect(chat.notes).to_have_count(1)
        await expect(chat.notes).to_contain_text("/nothing2")


async def test_a_new_database_begins_with_nothing_dismissed(enter, set_up, tmp_path, migrated_file):
    own = await set_up()
    chat = await enter("ada", own.url)
    chat.tolerated += LOST
    await refused(chat, 3)
    for number in (1, 2, 3):
        await dismiss(chat, f"/nothing{number}")

    await own.bot.stop()
    for left in tmp_path.glob("dailies.db*"):
        left.unlink()
    shutil.copy(migrated_file, tmp_path / "dailies.db")
    await own.start()
    await chat.page.reload()
    await expect(chat.page.get_by_test_id("welcome")).to_be_visible()
    await refused(chat, 1)
    await chat.delivered(await chat.job("/imagine a fresh start"))
    assert [message["id"] for message in await chat.messages()] == ["1", "2", "3"]
