"""The page without a mouse, without sight, and on a phone."""

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOCUS_SHOWN = """() => {
  const { activeElement: node } = document;
  return node.matches(":focus-visible") && getComputedStyle(node).outlineStyle !== "none";
}"""
WIDTHS = """() => {
  const scroller = document.getElementById("scroller");
  return [document.documentElement.scrollWidth - innerWidth, scroller.scrollWidth - scroller.clientWidth];
}"""


async def test_everything_can_be_done_with_the_keyboard(enter):
    chat = await enter("ben")
    await expect(chat.box).to_be_focused()
    keyboard = chat.page.keyboard
    await keyboard.type("/im")
    await keyboard.press("Tab")
    await keyboard.type("a kingfisher --ratio ")
    await keyboard.press("ArrowDown")
    option = chat.page.get_by_role("option", selected=True)
    await expect(option).to_contain_text("9:16")
    await expect(chat.box).to_have_attribute(
        "aria-activedescendant", await option.get_attribute("id")
    )
    await keyboard.press("Enter")
    await keyboard.press("Escape")
    await keyboard.press("Enter")
    card = chat.page.locator("li[data-state]").filter(has_text="a kingfisher").last
    await expect(card).to_contain_text("1080×1920")
    job = await card.get_attribute("data-job-id")
    retry = (await chat.delivered(job)).get_by_role("button", name="🔁 Retry")

    shown = []
    for _ in range(12):
        await keyboard.press("Shift+Tab")
        shown.append(await chat.page.evaluate(FOCUS_SHOWN))
        if await retry.evaluate("button => button === document.activeElement"):
            break
    await expect(retry).to_be_focused()
    assert all(shown), "the focus could not be seen on its way"
    await keyboard.press("Enter")
    again = await chat.child(job)
    await expect(retry).to_be_focused()
    await chat.delivered(again)
    await keyboard.press("ControlOrMeta+Home")
    await chat.page.get_by_text("Skip to the message box").focus()
    await keyboard.press("Enter")
    await expect(chat.box).to_be_focused()
    await keyboard.press("ArrowUp")
    await expect(chat.box).to_have_value(re.compile("^/imagine a kingfisher"))


async def test_a_screen_reader_finds_its_way(enter):
    chat = await enter("ada")
    await expect(chat.page.locator("body")).to_match_aria_snapshot("""
- link "Skip to the message box"
- complementary "Who you are":
  - group "Chat as":
    - radio "Ada, admin" [checked]
    - radio "Ben"
    - radio "Chloe"
  - region "Your credits":
    - meter "Credits left"
- banner:
  - heading "dailies" [level=1]
- main "Messages"
- form "Write a command":
  - button "Attach images or videos"
  - 'combobox "Message #dailies"'
  - button "Send" [disabled]
- contentinfo:
  - link "Powered by Runway"
- log
""")


async def test_a_screen_reader_hears_what_arrives_and_finds_progress_and_buttons(enter):
    chat = await enter("ada")
    log = chat.page.get_by_role("log")
    stalled = await chat.job("/imagine a stopped clock !stall")
    await expect(log).to_contain_text("Dailies: Ada · Imagine · Gen-4 Image: a stopped clock")
    job = await chat.job("/imagine a bell tower")
    result = await chat.delivered(job)
    await expect(log).to_contain_text("@Ada your image is ready")
    await expect(result).to_match_aria_snapshot("""
- listitem:
  - button /In reply to/
  - paragraph: /your image is ready/
  - link /Open .* larger/:
    - img "a bell tower"
  - button /Retry · 8 cr/
  - button /Upscale · 25 cr/
  - button /Animate · 25 cr/
  - group "Reactions":
    - button "Retry by reacting 🔁"
    - button "Upscale by reacting ⬆️"
""")
    bar = chat.card(stalled).get_by_role("progressbar", name="Progress")
    await expect(bar).to_have_attribute("aria-valuenow", "90")
    await expect(chat.card(stalled)).to_match_aria_snapshot("""
- listitem:
  - paragraph: a stopped clock !stall
  - term: Status
  - definition: Being made
  - term: Price
  - definition: 8 credits
  - progressbar "Progress"
  - button "Cancel · no refund"
""")
    await chat.card(stalled).get_by_role("button", name="Cancel · no refund").click()
    await expect(chat.card(stalled)).to_have_attribute("data-state", "cancelled")
    await expect(bar).to_be_hidden()


async def test_another_member_hears_nothing_of_private_messages(enter):
    chat = await enter("ada")
    await chat.command("/credits")
    log = chat.page.get_by_role("log")
    await expect(log).to_contain_text("Dailies, only to you: You have")
    await chat.act_as("Ben")
    await expect(log).to_be_empty()


async def test_a_phone_shows_everything_within_its_width(enter, photo):
    chat = await enter(
        "chloe", viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    await expect(chat.box).to_be_in_viewport(ratio=1)
    await chat.box.tap()
    await chat.box.press_sequentially("/imag")
    await chat.page.get_by_role("option").first.tap()
    await chat.box.press_sequentially("a very long pier " + "longer" * 20)
    await chat.page.get_by_role("button", name="Send").tap()
    card = chat.page.locator("li[data-state]").filter(has_text="a very long pier").last
    await expect(card).to_be_in_viewport()
    result = await chat.delivered(await card.get_attribute("data-job-id"))
    shown = result.locator(".frame img")
    await expect(shown).to_be_visible()  # without a width until it is loaded
    picture = await shown.bounding_box()
    assert picture["x"] >= 0
    assert 200 < picture["width"] <= 360 - picture["x"]
    await expect(result.get_by_role("button", name="Animate")).to_be_in_viewport(ratio=1)
    await chat.command("/history")
    await chat.command("/help")
    await expect(chat.notes.last).to_contain_text("/perform")
    assert await chat.page.evaluate(WIDTHS) == [0, 0]
    for button in await chat.page.get_by_role("button").all():
        if await button.is_visible():
            assert (await button.bounding_box())["height"] >= 28
    await expect(chat.box).to_be_in_viewport(ratio=1)


async def test_powered_by_runway_is_a_link_to_runway(enter):
    chat = await enter()
    link = chat.page.get_by_role("link", name="Powered by Runway")
    await expect(link).to_be_in_viewport()
    await expect(link).to_have_attribute("href", "https://runwayml.com")
