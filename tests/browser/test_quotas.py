"""Quotas as they are felt in the page: the price first, the limit, asking an admin, the notices."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IMAGINE = "/imagine a fox --ratio 720:720"  # 5 credits


async def press(chat, note, label):
    await note.get_by_role("button", name=label).click()


async def test_at_the_limit_an_admin_is_asked_and_lets_it_run(enter, set_up):
    own = await set_up({"DAILIES_QUOTA__CREDITS": "8"})
    ben, ada = await enter("ben", own.url), await enter("ada", own.url)
    await ben.delivered(await ben.job(IMAGINE))
    await expect(ben.notes.filter(has_text="You have used 50 % of your allowance")).to_have_count(1)
    assert await ben.command(IMAGINE) == 400
    refusal = ben.notes.filter(has_text="you have 3 left")
    await press(ben, refusal, "Ask an admin")
    await expect(refusal.get_by_role("button", name="Ask an admin")).to_have_count(0)
    await expect(ben.notes.last).to_contain_text("The admins have been asked")
    alert = ada.notes.filter(has_text="asks for an image")
    await press(ada, alert, "Approve once · 5 cr")
    await expect(ada.notes.filter(has_text="@Ada approved")).to_have_count(1)
    await expect(ada.page.get_by_role("button", name="Deny")).to_have_count(0)
    await expect(ben.page.locator("li:has([data-testid=card])")).to_have_count(2)
    await expect(ben.page.locator('li[data-state="delivered"]')).to_have_count(2)


async def test_a_dear_job_is_confirmed_by_its_price(enter):
    chat = await enter("chloe")
    before = await chat.credits_left("chloe")
    dear = "/animate a fox --model gen4.5 --duration 10"
    assert await chat.command(dear) == 202
    question = chat.notes.filter(has_text="This video costs 120 credits. Run it?").last
    await press(chat, question, "Never mind")
    await expect(chat.notes.last).to_contain_text("Nothing was charged")
    assert await chat.credits_left("chloe") == before
    assert await chat.command(dear) == 202
    await press(chat, chat.notes.filter(has_text="Run it?").last, "Run · 120 cr")
    await expect(chat.page.locator("li:has([data-testid=card])").last).to_contain_text(
        "120 credits"
    )
    await expect(chat.page.get_by_role("button", name="Run · 120 cr")).to_have_count(0)


async def test_an_admin_sets_grants_and_blocks_in_the_page(enter, set_up):
    own = await set_up()
    ada, ben = await enter("ada", own.url), await enter("ben", own.url)
    for command, answer in {
        "/quota set design 600 week": "The role design may now use 600 credits a week",
        "/quota grant @ben 50 30": "@Ben has 50 credits more, good until",
        "/quota revoke @ben 20 --why a typo": "@Ben has 20 credits of the granted ones less",
        "/quota history @ben": "50 granted → 30 granted (“a typo”)",
        "/quota block @ben": "@Ben is blocked now.",
    }.items():
        assert await ada.command(command) == 202
        await expect(ada.notes.last).to_contain_text(answer)
    assert await ben.command(IMAGINE) == 400
    await expect(ben.notes.last).to_contain_text("An admin has blocked your credits.")
    assert await ben.command("/quota clear ben") == 403
    await expect(ben.notes.last).to_contain_text("Only admins may manage quotas.")


async def test_a_report_shows_its_chart_and_table_to_the_admin_alone(enter, set_up):
    own = await set_up({"DAILIES_QUOTA__CREDITS": "10"})
    ada, ben = await enter("ada", own.url), await enter("ben", own.url)
    job = await ben.job(IMAGINE)
    await ben.delivered(job)
    await expect(ben.result(job)).to_contain_text("5 credits · 5 left")
    assert await ada.command("/quota report day") == 202
    note = ada.notes.filter(has_text="5 credits for 1 job")
    await expect(note.locator("img[alt^=usage-]")).to_have_js_property("naturalWidth", 1000)
    await expect(note.locator("a[download$='.csv']")).to_contain_text("usage-")
    await expect(ben.notes.filter(has_text="5 credits for 1 job")).to_have_count(0)
    # The same credits are not there twice when the month becomes a day.
    assert await ada.command("/quota set @ben 8 day") == 202
    assert await ben.command(IMAGINE) == 400
    await expect(ben.notes.last).to_contain_text("you have 3 left")


async def test_refused_prompts_pause_a_member_and_admins_are_told(enter, set_up):
    own = await set_up(
        {"DAILIES_MODERATION__STRIKES": "1", "DAILIES_MODERATION__WORDS": '["gore"]'}
    )
    ben, ada = await enter("ben", own.url), await enter("ada", own.url)
    assert await ben.command("/imagine Gore, everywhere") == 400
    await expect(ben.notes.last).to_contain_text("The word gore is not allowed here.")
    await ben.job(f"{IMAGINE} !safety-input")
    await expect(
        ben.page.get_by_text("It cost 5 credits, as Runway charged for it.").last
    ).to_be_visible()
    await expect(ben.notes.filter(has_text="You are paused until")).to_have_count(1)
    await expect(ada.notes.filter(has_text="@Ben is paused until")).to_have_count(1)
    assert await ben.command(IMAGINE) == 400
