"""A result as the input of the next command, and the way to an original."""

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_result_is_used_as_a_reference_by_a_button(enter):
    chat = await enter("ada")
    job = await chat.job("/imagine a paper crane")
    result = await chat.delivered(job)
    box = chat.page.get_by_test_id("composer-input")

    await result.get_by_test_id("use-as-reference").click()
    await expect(box).to_have_value(f"/imagine  --ref {job}")
    await box.press_sequentially("it sleeps")
    await expect(box).to_have_value(f"/imagine it sleeps --ref {job}")

    await box.fill(f"/animate it flies --ref {job}")
    await result.get_by_test_id("use-as-reference").click()
    await expect(box).to_have_value(f'/animate it flies --ref "{job} {job}"')

    await box.fill("/animate it flies")
    await result.get_by_test_id("use-as-reference").click()
    await expect(box).to_have_value(f"/animate it flies --ref {job}")
    film = await chat.delivered(await chat.job(f"/animate it flies --ref {job}"))
    await expect(film.locator("video")).to_be_visible()
    await film.get_by_test_id("use-as-reference").click()
    await expect(box).to_have_value(re.compile(r"^/animate  --ref \w+$"))


DRAWN = """async (url) => {
  const { richText } = await import("/static/richtext.js");
  const [node] = richText([{ kind: "link", text: "Original", url }]);
  return node.href ? [node.href, node.rel, node.target, node.textContent] : node;
}"""


async def test_only_links_to_our_signed_files_open(enter):
    chat = await enter("ada")
    good = "https://dailies.example/files/outputs/a/0.mp4?until=1&signature=x"
    assert await chat.page.evaluate(DRAWN, good) == [
        good,
        "noopener noreferrer",
        "_blank",
        "Original",
    ]
    for bad in (
        "javascript:alert(1)//files/?signature=x",
        "data:text/html,/files/?signature=x",
        "https://dailies.example/files/outputs/a/0.mp4",
        "https://elsewhere.example/login?signature=x",
        "not an address",
    ):
        assert await chat.page.evaluate(DRAWN, bad) == "Original", bad
