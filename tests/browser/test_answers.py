"""The commands that only answer: privately, and with what is true."""

import re

import pytest
from playwright.async_api import expect

from bot.commands.specification import COMMANDS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_answers_are_for_the_asker_alone_and_tell_of_their_jobs(enter):
    chat, ben = await enter("ada"), await enter("ben")
    others = await ben.messages("ben")
    slow = await chat.job("/imagine a snail !slow")
    await chat.command("/queue")
    await expect(chat.notes.last).to_contain_text("At work: 1")
    await expect(chat.notes.last).to_contain_text(re.compile(rf"{slow}\s+@Ada · Gen-4 Image"))
    await chat.command("/credits")
    left = await chat.credits_left()
    await expect(chat.notes.last).to_contain_text(f"You have {left} of 100000 credits left")
    await expect(chat.notes.last).to_contain_text(f"Held by jobs at work: 8 ({slow} 8)")
    await expect(chat.notes.last).to_contain_text("every month")
    await chat.delivered(slow)
    await chat.command("/history")
    await expect(chat.notes.last).to_contain_text(re.compile(rf"{slow}.*delivered · 8 credits"))
    await expect(chat.notes.last).to_contain_text("a snail !slow")
    assert await chat.credits_left() == left

    await expect(ben.result(slow)).to_have_count(1)
    await expect(ben.notes.filter(has_text=slow)).to_have_count(0)
    public = [body for body in await ben.messages("ben") if body["job_id"] != slow]
    assert public == others


@pytest.mark.parametrize(("name", "admin"), [("ada", True), ("ben", False)])
async def test_help_and_the_menu_show_what_a_member_may_do(enter, name, admin):
    chat = await enter(name)
    await chat.command("/help")
    for command in ("/imagine <prompt>", "/animate", "/edit", "/perform", "/upscale", "/cancel"):
        await expect(chat.notes.last).to_contain_text(command)
    await expect(chat.notes.last).to_contain_text("Powered by Runway")
    quota = chat.notes.last.get_by_text("/quota set <who>")
    await expect(quota).to_have_count(1 if admin else 0)
    await chat.box.press_sequentially("/")
    await expect(chat.page.get_by_role("option")).to_have_count(
        len([each for each in COMMANDS if admin or not each.admin])
    )
    await chat.box.press("Escape")
    await expect(chat.page.get_by_role("listbox")).to_be_hidden()
    await expect(chat.box).to_have_value("/")
