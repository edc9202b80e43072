"""Making things in the page: an image by typing, videos from photos that come in three ways."""

import base64
import io
import re

import pytest
from PIL import Image
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTE_STATES = """() => {
  window.seen = [];
  const note = (node) => {
    const card = node.matches?.("li[data-state]") && node;
    if (card) window.seen.push([card.dataset.jobId, card.dataset.messageId, card.dataset.state]);
  };
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) [target, ...addedNodes].forEach(note);
  }).observe(document.getElementById("messages"), {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
  });
}"""
DECODED = "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  return transfer;
}"""
COPY = """async (content) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const picture = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}"""
PLAYED = """video => new Promise((resolve, reject) => {
  video.addEventListener("error", () => reject(video.error));
  video.addEventListener("timeupdate", () => video.currentTime > 0.2 && resolve(
    [video.videoWidth, video.videoHeight, video.duration, video.readyState]));
  video.play().catch(reject);
})"""


async def plays(result):
    """The width, height and length of a result's video, once it has played for a moment."""
    width, height, seconds, ready = await result.locator("video").evaluate(PLAYED)
    assert ready >= 2
    return width, height, seconds


async def test_an_image_from_a_command_that_the_menu_helped_to_type(enter):
    chat = await enter()
    await chat.page.evaluate(NOTE_STATES)
    before = await chat.credits_left()
    menu = chat.page.get_by_role("listbox", name="Suggestions")

    await chat.box.press_sequentially("/im")
    await expect(menu.get_by_role("option", selected=True)).to_contain_text("/imagine")
    await chat.box.press("Enter")
    await expect(chat.box).to_have_value("/imagine ")
    await chat.box.press_sequentially("a lighthouse at dusk !slow --ra")
    await chat.box.press("Tab")
    await expect(menu.get_by_role("option").first).to_contain_text("16:9")
    await chat.box.press_sequentially("squ")
    await chat.box.press("Enter")
    await expect(chat.box).to_have_value(re.compile("--ratio (square|1:1) $"))
    await chat.box.press("Enter")

    card = chat.page.locator("li[data-state]").filter(has_text="a lighthouse at dusk").last
    await expect(card).to_contain_text("8 credits")
    await expect(card).to_contain_text("1080×1080")
    job = await card.get_attribute("data-job-id")
    result = await chat.delivered(job)
    await expect(result).to_contain_text("@Ada your image is ready.")
    await expect(result).to_contain_text(f"8 credits · {before - 8} left")
    await expect(chat.page.get_by_test_id("credits-left")).to_have_text(f"{before - 8:,}")
    assert await result.get_by_role("img", name="a lighthouse at dusk").evaluate(DECODED) == [
        1080,
        1080,
    ]

    seen = [entry for entry in await chat.page.evaluate("seen") if entry[0] == job]
    states = list(dict.fromkeys(state for _, _, state in seen))
    assert states[0] == "queued"
    assert "running" in states
    assert states[-1] == "delivered"
    messages = {message for _, message, _ in seen}
    assert len(messages) == 1, "the card was not updated in place"
    assert await result.get_attribute("data-message-id") not in messages


async def test_a_picture_opens_larger_and_closes_with_escape(enter):
    chat = await enter()
    result = await chat.delivered(await chat.job("/imagine a fox in the snow"))
    await result.get_by_role("link", name=re.compile("^Open .* larger")).click()
    shown = chat.page.get_by_role("dialog").get_by_role("img")
    assert await shown.evaluate(DECODED) == [1920, 1080]
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.get_by_role("dialog")).to_be_hidden()


async def test_a_video_from_a_photo_that_was_picked(enter, photo):
    chat = await enter()
    before = await chat.credits_left()
    await chat.box.fill("/animate the sun sinks")
    await expect(chat.page.get_by_test_id("usage-hint")).to_contain_text("Attach an image")
    async with chat.page.expect_file_chooser() as choosing:
        await chat.page.get_by_role("button", name="Attach images or videos").click()
    await (await choosing.value).set_files(photo)
    await expect(chat.page.get_by_test_id("pending-attachment")).to_contain_text("holiday.jpg")

    job = await chat.job("/animate the sun sinks")
    await expect(chat.page.get_by_test_id("pending-attachment")).to_have_count(0)
    thumbnail = chat.card(job).get_by_role("img", name="Attached: holiday.jpg")
    assert await thumbnail.evaluate(DECODED) == [1600, 1200]
    result = await chat.delivered(job)
    await expect(result).to_contain_text(f"25 credits · {before - 25} left")
    width, height, seconds = await plays(result)
    assert (width, height) == (1104, 832), "the shape that is nearest to the photo's"
    assert seconds == pytest.approx(5, abs=0.2)


async def test_a_tall_video_from_a_photo_that_was_dropped(enter, photo):
    chat = await enter()
    content = base64.b64encode(photo.read_bytes()).decode()
    transfer = await chat.page.evaluate_handle(DROP, ["dropped.jpg", content])
    await chat.page.dispatch_event("#messages", "dragenter", {"dataTransfer": transfer})
    await expect(chat.page.get_by_text("Drop to attach")).to_be_visible()
    await chat.page.dispatch_event("#messages", "drop", {"dataTransfer": transfer})
    await expect(chat.page.get_by_text("Drop to attach")).to_be_hidden()
    await expect(chat.page.get_by_test_id("pending-attachment")).to_contain_text("dropped.jpg")

    result = await chat.delivered(await chat.job("/animate it rains --ratio 9:16 --duration 2"))
    await expect(result).to_contain_text("720×1280 · 2 s · 10 credits")
    width, height, seconds = await plays(result)
    assert (width, height) == (720, 1280)
    assert seconds == pytest.approx(2, abs=0.2)


async def test_a_square_video_from_a_picture_that_was_pasted(enter, photo):
    chat = await enter(permissions=["clipboard-read", "clipboard-write"])
    content = io.BytesIO()
    Image.open(photo).resize((800, 600)).save(content, "PNG")
    await chat.page.evaluate(COPY, base64.b64encode(content.getvalue()).decode())
    await chat.box.press("ControlOrMeta+v")
    await expect(chat.page.get_by_test_id("pending-attachment")).to_have_count(1)

    result = await chat.delivered(await chat.job("/animate --ratio square --duration 2"))
    assert (await plays(result))[:2] == (960, 960)


async def test_an_attachment_can_be_taken_back(enter, photo):
    chat = await enter()
    await chat.page.get_by_test_id("file-input").set_input_files([photo, photo])
    pending = chat.page.get_by_test_id("pending-attachment")
    await expect(pending).to_have_count(2)
    await pending.first.get_by_role("button", name="Remove holiday.jpg").click()
    await expect(pending).to_have_count(1)
    await expect(chat.box).to_be_focused()
