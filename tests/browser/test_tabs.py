"""Many tabs of one browser, which has six connections to the server for all of them."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A browser without windows shows every tab all the time, so the page is told what a real one tells.
TURN = """state => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
NOTE_BANNER = """() => {
  const banner = document.getElementById("connection");
  new MutationObserver(() => { window.wasLost ||= !banner.hidden; }).observe(banner, {
    attributes: true,
  });
}"""


async def test_seven_tabs_work_and_the_first_catches_up_when_it_is_turned_to_again(enter):
    first = await enter("ada")
    await first.page.evaluate(NOTE_BANNER)
    latest = first
    for _ in range(6):
        await latest.page.evaluate(TURN, "hidden")
        latest = await latest.tab()
    job = await latest.job("/imagine a crowd of tabs")
    await latest.delivered(job)

    await first.page.evaluate(TURN, "visible")
    await first.delivered(job)
    assert await first.page.evaluate("!window.wasLost")
    await latest.delivered(await first.job("/imagine what comes after"))


async def test_a_tab_that_is_opened_in_the_background_begins_when_it_is_turned_to(enter):
    chat = await enter("ada")
    away = await chat.tab()
    await away.page.add_init_script(f"({TURN})('hidden')")
    async with away.page.expect_response("**/api/messages?*"):
        await away.page.reload()
    job = await chat.job("/imagine a quiet corner")
    await chat.delivered(job)
    await away.box.press_sequentially("/im")
    await away.box.press("Escape")
    # What the bot offers may have changed meanwhile, too.
    async with away.page.expect_response("**/api/commands"):
        await away.page.evaluate(TURN, "visible")
    await away.delivered(job)
    await away.delivered(await chat.job("/imagine a lively corner"))
    await expect(away.page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
