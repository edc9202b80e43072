"""What happens is seen at once by everybody, and nothing is missed or done twice over a drop."""

import asyncio
import contextlib
import signal

import pytest
import pytest_asyncio
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOST = [r"net::ERR_", r"EventSource"]


class Cable:
    """Carries bytes between a page and a server, and can be unplugged."""

    def __init__(self, url):
        self._host, self._port = url.removeprefix("http://").split(":")
        self._writers = set()
        self._plugged = True
        self.url = ""

    async def carry(self, reader, writer):
        if not self._plugged:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers |= {writer, far_writer}
        ways = [self._pipe(reader, far_writer), self._pipe(far_reader, writer)]
        await asyncio.gather(*ways)

    def unplug(self):
        self._plugged = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def plug_in(self):
        self._plugged = True

    async def _pipe(self, reader, writer):
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def cable(stage):
    """A cable to the shared stage."""
    cable = Cable(stage.url)
    server = await asyncio.start_server(cable.carry, "127.0.0.1", 0)
    cable.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield cable
    server.close()
    cable.unplug()
    await server.wait_closed()


async def stays(chat):
    """A mark that a reload would wipe off."""
    await chat.page.evaluate("window.stayed = true")


async def test_two_members_see_the_same_channel_live(enter):
    ada, ben = await enter("ada"), await enter("ben")
    job = await ada.job("/imagine a shared sunrise")
    await expect(ben.card(job)).to_contain_text("a shared sunrise")
    await ada.delivered(job)
    result = await ben.delivered(job)
    await expect(result.locator(".frame img")).to_have_js_property("complete", True)
    await expect(result).to_contain_class("is-bot")
    await expect(ada.result(job)).to_contain_class("is-mention")
    await expect(result).not_to_contain_class("is-mention")

    await result.get_by_role("button", name="Retry by reacting").click()
    mine = ben.page.get_by_role("button", name="Retry by reacting 🔁, 1 so far, yours among them")
    await expect(mine).to_be_visible()
    others = ada.result(job).get_by_role(
        "button", name="Retry by reacting 🔁, 1 so far", exact=True
    )
    await expect(others).to_have_attribute("aria-pressed", "false")
    await ada.delivered(await ada.child(job))
    await mine.click()
    await expect(others).to_have_count(0)


async def test_a_page_whose_connection_broke_catches_up_by_itself(enter, stage, cable):
    ada, ben = await enter("ada", cable.url), await enter("ben")
    ada.tolerated += LOST
    await stays(ada)
    banner = ada.page.get_by_test_id("connection-banner")
    cable.unplug()
    await expect(banner).to_contain_text("Reconnecting")
    job = await ben.job("/imagine something that Ada misses")
    await ben.delivered(job)
    await expect(ada.card(job)).to_have_count(0)
    cable.plug_in()
    await expect(ada.result(job)).to_have_count(1)
    await expect(ada.card(job)).to_have_attribute("data-state", "delivered")
    await expect(banner).to_be_hidden()
    assert await ada.page.evaluate("window.stayed")


async def test_a_command_that_is_sent_while_the_bot_is_away_runs_once_when_it_is_back(
    enter, set_up
):
    own = await set_up()
    chat = await enter("ada", own.url)
    chat.tolerated += LOST
    await own.bot.stop()
    await expect(chat.page.get_by_test_id("connection-banner")).to_be_visible()
    await chat.box.fill("/imagine a patient heron")
    await chat.box.press("Enter")
    await own.start()
    await expect(chat.page.get_by_test_id("connection-banner")).to_be_hidden()
    unsure = chat.page.get_by_role("alert").filter(has_text="it will not run twice")
    card = chat.page.locator("li[data-state]").filter(has_text="a patient heron")
    await expect(unsure.or_(card).first).to_be_visible()
    if await unsure.is_visible():
        await chat.page.get_by_role("button", name="Send").click()
    await expect(card).to_have_count(1)
    await expect(chat.box).to_have_value("")
    await chat.delivered(await card.get_attribute("data-job-id"))
    assert await chat.credits_left() == 500 - 8


async def test_a_job_survives_that_the_bot_is_killed_under_it(enter, set_up):
    own = await set_up(image_seconds=3)
    chat = await enter("ada", own.url)
    chat.tolerated += LOST
    await stays(chat)
    job = await chat.job("/imagine a phoenix")
    await expect(chat.card(job)).to_have_attribute("data-state", "running")
    await own.bot.stop(signal.SIGKILL)
    await expect(chat.page.get_by_test_id("connection-banner")).to_contain_text("Reconnecting")
    await own.start()
    await expect(chat.page.get_by_test_id("connection-banner")).to_be_hidden()
    await chat.delivered(job)
    assert await chat.page.evaluate("window.stayed")
    assert len([body for body in await chat.messages() if body["job_id"] == job]) == 2
    assert await chat.credits_left() == 500 - 8
    books = await (await chat.page.request.get(f"{own.simulator.url}/_simulator/books")).json()
    assert (len(books["creates"]), books["charged_credits"]) == (1, 8)


async def test_who_reads_further_up_is_told_of_new_messages_and_not_moved(enter):
    chat = await enter("ada", viewport={"width": 800, "height": 420})
    first = await chat.job("/imagine a tall tower")
    await chat.delivered(first)
    scroller = chat.page.get_by_test_id("scroller")
    pill = chat.page.get_by_test_id("new-messages")
    await expect(chat.result(first).get_by_role("button", name="Retry by")).to_be_in_viewport()
    await scroller.hover()
    await chat.page.mouse.wheel(0, -600)
    await expect(chat.result(first).get_by_role("button", name="Retry by")).not_to_be_in_viewport()
    second = await chat.job("/imagine a low wall")
    await expect(pill).to_contain_text("new message")
    await expect(chat.card(second)).not_to_be_in_viewport()
    await chat.delivered(second)
    await pill.click()
    await expect(chat.result(second).get_by_role("button", name="Retry by")).to_be_in_viewport()
    await expect(pill).to_be_hidden()


async def test_who_reads_the_end_stays_there_while_a_message_shrinks_and_another_grows(enter):
    chat = await enter("ada", viewport={"width": 800, "height": 420})
    await chat.delivered(await chat.job("/imagine a round table"))
    messages = chat.page.get_by_test_id("messages")
    at_end = """height => {
        const { scrollHeight, scrollTop, clientHeight } = document.getElementById("scroller");
        const padding = document.getElementById("messages").lastElementChild.style.paddingBottom;
        return padding === height && scrollHeight - scrollTop - clientHeight < 2;
    }"""
    await messages.evaluate("list => { list.lastElementChild.style.paddingBottom = '600px' }")
    await chat.page.wait_for_function(at_end, arg="600px")
    await messages.evaluate("""list => {
        list.lastElementChild.style.paddingBottom = "0px";
        list.parentElement.scrollTop; // laid out now, and moved up for want of anything below
        list.lastElementChild.style.paddingBottom = "300px";
    }""")
    await chat.page.wait_for_function(at_end, arg="300px")
