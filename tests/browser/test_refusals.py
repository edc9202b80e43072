"""What cannot be done is said privately, costs nothing and leaves nothing behind."""

import io

import pytest
from PIL import Image
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT_AS_PNG = {"name": "photo.png", "mimeType": "image/png", "buffer": b"Just words.\n" * 40}
_png = io.BytesIO()
Image.new("RGB", (400, 300), "teal").save(_png, "PNG")
PICTURE = {"name": "teal.png", "mimeType": "image/png", "buffer": _png.getvalue()}
# One for each way that a refusal takes through the page; what is refused and how it is said is
# tested in tests/scenario/test_commands.py and tests/unit/test_refusal_texts.py.
WORDS = {
    "/imagine a fox --raito 16:9": "There is no option --raito",
    "/imagine " + "🦊" * 501: "1002 characters long",
    "/quota set @ben 900": "Only admins may manage quotas",
}
FILES = {
    "photo.png is not": TEXT_AS_PNG,
    "you attached": [PICTURE, PICTURE],
}


async def test_refusals_of_words_are_private_and_cost_nothing(enter):
    chat = await enter("chloe")
    before, seen = await chat.credits_left("chloe"), await chat.messages("ben")
    earlier = await chat.notes.count()
    for number, (text, expected) in enumerate(WORDS.items(), start=earlier + 1):
        assert 400 <= await chat.command(text) < 500
        await expect(chat.notes).to_have_count(number)
        await expect(chat.notes.last).to_contain_text(expected)
        await expect(chat.notes.last).to_contain_text("Only you can see this")
        await expect(chat.box).to_have_value(text)
    assert await chat.credits_left("chloe") == before
    assert await chat.messages("ben") == seen, "somebody else sees something of it"

    await chat.act_as("Ben")
    await expect(chat.notes).to_have_count(sum(message["private"] for message in seen))
    await chat.act_as("Chloe")
    await expect(chat.notes).to_have_count(number)
    await chat.notes.last.get_by_role("button", name="Dismiss").click()
    await expect(chat.notes).to_have_count(number - 1)


async def test_refusals_of_files_are_private_and_cost_nothing(enter):
    chat = await enter("ben")
    before, seen = await chat.credits_left("ben"), await chat.messages("chloe")
    pending = chat.page.get_by_test_id("pending-attachment")
    for expected, files in FILES.items():
        await chat.page.get_by_test_id("file-input").set_input_files(files)
        notes = await chat.notes.count()
        assert 400 <= await chat.command("/animate it moves") < 500
        await expect(chat.notes).to_have_count(notes + 1)
        await expect(chat.notes.last).to_contain_text(expected)
        while await pending.count():
            await pending.last.get_by_role("button").click()
    assert await chat.credits_left("ben") == before
    assert await chat.messages("chloe") == seen, "somebody else sees something of it"


async def test_markup_in_a_prompt_is_shown_as_it_was_typed(enter):
    chat = await enter()
    prompt = (
        "<img src=x onerror=window.hacked=1> <script>window.hacked=1</script> **b** _i_ `c` <b>x"
    )
    job = await chat.job(f"/imagine {prompt}")
    await expect(chat.card(job).locator(".card-prompt")).to_have_text(prompt)
    result = await chat.delivered(job)
    await expect(result.locator(".quote")).to_contain_text(prompt[:80])
    await chat.command("/quota show <img/src=x/onerror=window.hacked=1>")
    await expect(chat.notes.last).to_contain_text("<img/src=x/onerror=window.hacked=1>")
    assert await chat.page.evaluate("window.hacked") is None
    assert await chat.page.locator("img[src='x'], .card-prompt :is(b, i, code)").count() == 0


async def test_a_quota_runs_out_and_an_admin_can_raise_it(enter, set_up):
    own = await set_up()
    chat = await enter("ada", own.url)
    assert await chat.command("/quota set @ben 10") == 202
    await expect(chat.notes.last).to_contain_text("@Ben may now use 10 credits a month.")

    await chat.act_as("Ben")
    left = chat.page.get_by_test_id("credits-left")
    await expect(left).to_have_text("10")
    job = await chat.job("/imagine a candle")
    await expect(await chat.delivered(job)).to_contain_text("8 credits · 2 left")
    await expect(left).to_have_text("2")
    assert await chat.command("/imagine a second candle") == 400
    await expect(chat.notes.last).to_contain_text("this costs 8 and you have 2 left. They reset ")
    await chat.result(job).get_by_role("button", name="🔁 Retry · 8 cr").click()
    await expect(chat.notes).to_have_count(3)
    assert await chat.command("/quota set @ben 1000") == 403
    await expect(chat.notes.last).to_contain_text("Only admins may manage quotas.")
    assert len([body for body in await chat.messages() if body["card"]]) == 1

    await chat.act_as("Ada")
    await chat.command("/quota set @ben 0")
    await expect(chat.notes.last).to_contain_text("/quota block")
    await chat.command("/quota set @ben 20 month")
    await expect(chat.notes.last).to_contain_text("20 credits a month")
    await chat.act_as("Ben")
    await expect(left).to_have_text("12")
    await chat.delivered(await chat.job("/imagine a second candle"))


async def test_a_failure_says_why_and_what_it_cost(enter):
    chat = await enter("ben")
    before = await chat.credits_left("ben")
    bad = await chat.job("/imagine a logo !bad-output")
    refused = await chat.job("/imagine a villain !safety-input")
    for job in (bad, refused):
        await expect(chat.card(job)).to_have_attribute("data-state", "failed")
    await expect(chat.result(bad)).to_contain_text("could not be made")
    await expect(chat.result(bad)).to_contain_text("It cost nothing.")
    await expect(chat.result(bad).get_by_role("button", name="🔁 Retry · 8 cr")).to_be_visible()
    await expect(chat.result(refused)).to_contain_text("Runway's moderation refused the prompt")
    await expect(chat.result(refused)).to_contain_text("It cost 8 credits")
    # The same prompt would be refused, and paid for, again.
    await expect(chat.result(refused).get_by_role("button")).to_have_count(1)
    await expect(chat.result(refused).get_by_role("button", name="In reply to")).to_be_visible()
    assert await chat.credits_left("ben") == before - 8
