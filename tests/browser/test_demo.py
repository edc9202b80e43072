"""The first thing that a newcomer runs: `dailies demo`, with its own times and defaults."""

import signal

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_demo_makes_an_image_from_the_example_on_its_empty_page(enter, run_demo):
    demo = await run_demo()
    chat = await enter("ada", demo.url)
    await expect(chat.page.get_by_test_id("mode-badge")).to_have_text("Demo · simulated Runway")
    await expect(chat.page.get_by_role("heading", name="No takes yet")).to_be_visible()
    await chat.page.get_by_role("button", name="Animate this photo").click()
    await expect(chat.page.get_by_test_id("pending-attachment")).to_contain_text("sample.jpg")
    await chat.page.get_by_role("button", name="Make an image").click()
    await expect(chat.page.get_by_test_id("pending-attachment")).to_have_count(0)
    await chat.page.get_by_role("button", name="Send").click()
    card = chat.page.locator("li[data-state]").filter(has_text="a lighthouse at dusk")
    result = await chat.delivered(await card.get_attribute("data-job-id"))
    decoded = "image => image.decode().then(() => image.naturalWidth)"
    assert await result.locator(".frame img").evaluate(decoded) == 1920
    await expect(result).to_contain_text("8 credits · 492 left")
    await expect(chat.page.get_by_role("heading", name="No takes yet")).to_be_hidden()


async def test_a_new_member_is_answered_kindly_and_ctrl_c_ends_the_demo_without_loss(
    enter, run_demo
):
    demo = await run_demo()
    chat = await enter("chloe", demo.url)
    await chat.command("/queue")
    await expect(chat.notes.last).to_contain_text("Nothing is waiting or running.")
    await chat.command("/history")
    await expect(chat.notes.last).to_contain_text("You have made nothing yet. Try /imagine")
    await chat.command("/credits")
    await expect(chat.notes.last).to_contain_text("You have 500 of 500 credits left")
    assert await chat.command("/cancel") >= 400
    await expect(chat.notes.last).to_contain_text("You have no job that could be cancelled.")
    await chat.page.close()
    assert await demo.stop(signal.SIGINT) == 0

    chat = await enter("chloe", (await run_demo()).url)
    await expect(chat.notes).to_have_count(4)
    await expect(chat.notes.last).to_contain_text("You have no job that could be cancelled.")
