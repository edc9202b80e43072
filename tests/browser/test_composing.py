"""The message box while a command is on its way."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@asynccontextmanager
async def sending(chat):
    """Press Enter; the command is on its way until the block ends, and then accepted."""
    goes_on = asyncio.Event()

    async def hold(route):
        await goes_on.wait()
        await route.continue_()

    await chat.page.route("**/api/commands", hold)
    async with chat.page.expect_response("**/api/commands") as answer:
        async with chat.page.expect_request("**/api/commands"):
            await chat.box.press("Enter")
        try:
            yield
        finally:
            goes_on.set()
    assert (await answer.value).status == 202
    await expect(chat.page.get_by_role("button", name="Send")).not_to_have_attribute(
        "aria-busy", "true"
    )
    await chat.page.unroute("**/api/commands")


async def ended(chat, prompt):
    card = chat.page.locator("li[data-state]").filter(has_text=prompt)
    await expect(card).to_have_attribute("data-state", "delivered")


async def test_a_file_that_is_added_meanwhile_stays_for_the_next_command(enter, photo):
    chat = await enter("ada")
    pending = chat.page.get_by_test_id("pending-attachment")
    await chat.page.get_by_test_id("file-input").set_input_files(photo)
    await chat.box.fill("/animate the tide comes in")
    later = {"name": "later.jpg", "mimeType": "image/jpeg", "buffer": photo.read_bytes()}
    async with sending(chat):
        await chat.page.get_by_test_id("file-input").set_input_files(later)
        await expect(pending).to_have_count(2)
    await expect(chat.box).to_have_value("")
    await expect(pending).to_have_count(1)
    await expect(pending).to_contain_text("later.jpg")
    job = await chat.job("/animate the tide goes out")
    await expect(chat.card(job).get_by_role("img", name="Attached: later.jpg")).to_be_visible()
    await expect(pending).to_have_count(0)
    await chat.delivered(job)
    await ended(chat, "the tide comes in")


async def test_a_reference_that_is_added_meanwhile_stays_in_the_box(enter):
    chat = await enter("ada")
    job = await chat.job("/imagine a paper boat")
    result = await chat.delivered(job)
    await chat.box.fill("/imagine a paper plane")
    async with sending(chat):
        await result.get_by_test_id("use-as-reference").click()
    await expect(chat.box).to_have_value(f"/imagine a paper plane --ref {job}")
    await ended(chat, "a paper plane")
