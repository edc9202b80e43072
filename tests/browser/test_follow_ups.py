"""What people do with a result: again, larger, moving; each charged to who asked for it."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_retry_by_button_and_an_upscale_by_reaction_are_charged_to_who_asked(enter):
    chat = await enter("ada")
    job = await chat.job("/imagine a paper boat")
    result = await chat.delivered(job)
    ada, ben = await chat.credits_left("ada"), await chat.credits_left("ben")

    await chat.act_as("Ben")
    await result.get_by_role("button", name="🔁 Retry · 8 cr").click()
    again = await chat.child(job)
    await expect(chat.card(again)).to_contain_text("Ben · Imagine")
    await expect(chat.card(again)).to_contain_text(f"Retry of {job}")
    await expect(await chat.delivered(again)).to_contain_text("@Ben your image is ready.")
    await expect(chat.result(again)).to_contain_text(f"Retry of {job}")

    await result.get_by_role("button", name="Upscale by reacting").click()
    pressed = result.get_by_role("button", name="Upscale by reacting ⬆️, 1 so far, yours among them")
    await expect(pressed).to_have_attribute("aria-pressed", "true")
    larger = await chat.child(job, but=[again])
    await expect(chat.card(larger)).to_contain_text(f"Upscaled from {job}")
    await expect(await chat.delivered(larger)).to_contain_text("25 credits")
    sizes = "image => image.decode().then(() => image.naturalWidth)"
    assert await chat.result(larger).locator(".frame img").evaluate(sizes) == 3840

    assert await chat.credits_left("ada") == ada
    assert await chat.credits_left("ben") == ben - 8 - 25


async def test_a_double_click_is_one_job(enter):
    chat = await enter()
    job = await chat.job("/imagine two hares")
    result = await chat.delivered(job)
    before = await chat.credits_left()
    await result.get_by_role("button", name="🔁 Retry · 8 cr").dblclick()
    again = await chat.child(job)
    await chat.delivered(again)
    cards = [body for body in await chat.messages() if body["card"] and job in body["text"]]
    assert {body["job_id"] for body in cards} == {job, again}
    assert await chat.credits_left() == before - 8


async def test_a_reaction_that_is_not_a_command_is_only_shown(enter):
    chat = await enter()
    job = await chat.job("/imagine a drum")
    result = await chat.delivered(job)
    seen = len(await chat.messages())
    number = await result.get_attribute("data-message-id")
    answer = await chat.page.request.post(
        f"{chat.url}/api/messages/{number}/reactions", data={"member": "ben", "emoji": "🎉"}
    )
    assert answer.status == 202
    await expect(result.get_by_role("button", name="React 🎉, 1 so far")).to_be_visible()
    assert len(await chat.messages()) == seen


async def test_cancelling_is_free_in_the_queue_and_costs_the_price_once_runway_has_begun(
    enter, set_up
):
    own = await set_up(concurrency=1, image_seconds=8)
    chat = await enter("ben", own.url)
    running = await chat.job("/imagine a glacier !slow")
    await expect(chat.card(running)).to_have_attribute("data-state", "running")
    queued = await chat.job("/imagine a brook")
    third = await chat.job("/imagine a fountain")
    await expect(chat.card(queued)).to_contain_text("Next in line")
    await expect(chat.card(third)).to_contain_text("2nd in line")
    assert await chat.credits_left("ben") == 500 - 3 * 8

    await chat.act_as("Chloe")
    await chat.card(queued).get_by_role("button", name="Cancel").click()
    await expect(chat.notes).to_contain_text("Only its owner or an admin may cancel")
    await chat.act_as("Ben")
    await expect(chat.notes).to_have_count(0)

    await chat.card(queued).get_by_role("button", name="Cancel").click()
    await expect(chat.card(queued)).to_have_attribute("data-state", "cancelled")
    await expect(chat.card(queued)).to_contain_text("Cancelled. It cost nothing.")
    await expect(chat.card(third)).to_contain_text("Next in line")
    assert await chat.credits_left("ben") == 500 - 2 * 8
    assert await chat.command(f"/cancel {third}") == 202
    await expect(chat.notes).to_contain_text("nothing was charged")
    await expect(chat.card(third)).to_have_attribute("data-state", "cancelled")
    assert await chat.credits_left("ben") == 500 - 8

    await chat.card(running).get_by_role("button", name="Cancel · no refund").click()
    await expect(chat.card(running)).to_have_attribute("data-state", "cancelled")
    await expect(chat.card(running)).to_contain_text("It cost 8 credits")
    assert await chat.credits_left("ben") == 500 - 8
    await expect(chat.page.get_by_role("button", name="Cancel")).to_have_count(0)
    books = await (await chat.page.request.get(f"{own.simulator.url}/_simulator/books")).json()
    assert len(books["creates"]) == 1, "what was cancelled in our queue never reached Runway"
