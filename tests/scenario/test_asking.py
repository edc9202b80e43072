"""At the limit: asking an admin, who decides once; and the price of a dear job before it runs."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.scenario.page import Message, Page
from tests.scenario.stage import Stage

OpenStage = Callable[..., Awaitable[Stage]]
IMAGINE = "/imagine a fox --ratio 720:720"  # 5 credits
DEAR = "/animate a fox --model gen4.5 --duration 10"  # 120 credits


async def refused(page: Page, member: str = "ben", command: str = IMAGINE) -> Message:
    """Be refused for want of credits; the private message with its button."""
    status, answer = await page.command(command, member)
    assert status == 400, answer
    note = (await page.messages(member))[-1]
    assert note["private"]
    assert [b["action"] for b in note["buttons"]] == ["ask"]
    return note


async def asked(page: Page, member: str = "ben", command: str = IMAGINE) -> Message:
    """Ask the admins; their message."""
    status, _ = await page.act(await refused(page, member, command), "ask", member)
    assert status == 202
    return (await alerts(page))[-1]


async def alerts(page: Page) -> list[Message]:
    messages = await page.messages("ada")
    return [m for m in messages if m["private"] and "asks for" in m["text"]]


async def test_an_approved_request_runs_by_itself_and_costs_what_was_lacking(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(credits=3)
    alert = await asked(stage.page)
    assert "@Ben asks for an image that goes beyond the credits left: 5 credits" in alert["text"]
    assert "“a fox”" in alert["text"]
    assert await stage.page.credits_left("ben") == 3
    assert await stage.page.jobs() == []
    assert (await stage.page.act(alert, "approve", "ada"))[0] == 202
    (job_id,) = await stage.page.jobs()
    assert (await stage.page.over(job_id)).state == "delivered"
    assert await stage.page.credits_left("ben") == 0
    decided = next(m for m in await stage.page.messages("ada") if m["id"] == alert["id"])
    assert decided["buttons"] == []
    assert "@Ada approved" in decided["text"]
    assert any("@Ada approved" in note for note in await stage.page.notices("ben"))
    assert await stage.violations() == []


async def test_a_member_whose_team_or_channel_is_at_its_limit_is_not_called_out_of_credits(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage()
    await stage.page.command("/quota set workspace 3", "ada")
    alert = await asked(stage.page)
    assert "@Ben asks for an image that goes beyond the credits left: 5 credits" in alert["text"]


async def test_a_raise_gives_a_hundred(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    assert (await stage.page.act(await asked(stage.page), "raise", "ada"))[0] == 202
    (job_id,) = await stage.page.jobs()
    await stage.page.over(job_id)
    assert await stage.page.credits_left("ben") == 98
    assert any("and gave 100 credits more" in note for note in await stage.page.notices("ben"))


async def test_a_raise_gives_more_where_more_is_lacking_and_says_so(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3, confirm_above=None)
    alert = await asked(stage.page, command=DEAR)
    assert (await stage.page.act(alert, "raise", "ada"))[0] == 202
    (job_id,) = await stage.page.jobs()
    await stage.page.over(job_id)
    assert await stage.page.credits_left("ben") == 0
    assert any("and gave 117 credits more" in note for note in await stage.page.notices("ben"))


async def test_a_denied_request_makes_no_job_and_its_owner_is_told(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    alert = await asked(stage.page)
    assert (await stage.page.act(alert, "deny", "ada"))[0] == 202
    assert await stage.page.jobs() == []
    assert any("said no" in note for note in await stage.page.notices("ben"))
    assert (await stage.books()).creates == []


async def test_who_approves_is_told_what_stops_its_owner_and_can_approve_it_later(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(credits=3)
    alert = await asked(stage.page)
    await stage.page.command("/quota block ben", "ada")
    status, answer = await stage.page.act(alert, "approve", "ada")
    assert (status, await stage.page.jobs()) == (400, [])
    assert answer["error"].startswith("It cannot run: @Ben is blocked.")
    await stage.page.command("/quota clear ben", "ada")
    assert (await stage.page.act(alert, "approve", "ada"))[0] == 202
    (job_id,) = await stage.page.jobs()
    assert (await stage.page.over(job_id)).state == "delivered"


async def test_many_presses_at_once_decide_once(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    alert = await asked(stage.page)
    actions = ["approve", "raise", "deny", "approve"]
    answers = await asyncio.gather(*(stage.page.act(alert, a, "ada") for a in actions))
    assert sorted(status for status, _ in answers) == [202, 400, 400, 400]
    assert len(await stage.page.jobs()) <= 1


async def test_asking_twice_asks_once(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    note = await refused(stage.page)
    answers = await asyncio.gather(*(stage.page.act(note, "ask", "ben") for _ in range(2)))
    assert sorted(status for status, _ in answers) == [202, 400]
    assert len(await alerts(stage.page)) == 1


async def test_admins_are_not_flooded_with_one_members_questions(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    notes = [await refused(stage.page) for _ in range(6)]
    answers = await asyncio.gather(*(stage.page.act(note, "ask", "ben") for note in notes))
    assert sorted(status for status, _ in answers) == [202, 202, 202, 400, 400, 400]
    assert len(await alerts(stage.page)) == 3
    assert (await stage.page.act(await refused(stage.page, "chloe"), "ask", "chloe"))[0] == 202
    assert (await stage.page.act((await alerts(stage.page))[0], "deny", "ada"))[0] == 202
    turned_down = next(n for n, (status, _) in zip(notes, answers, strict=True) if status == 400)
    assert (await stage.page.act(turned_down, "ask", "ben"))[0] == 202


async def test_only_admins_see_and_decide_and_only_the_owner_asks(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    note = await refused(stage.page)
    assert (await stage.page.act(note, "ask", "chloe"))[0] == 404
    await stage.page.act(note, "ask", "ben")
    alert = (await alerts(stage.page))[-1]
    assert (await stage.page.act(alert, "approve", "ben"))[0] == 404
    assert all("asks for" not in text for text in await stage.page.notices("ben"))
    assert await stage.page.jobs() == []


async def test_a_dear_job_shows_its_price_and_runs_once_it_is_confirmed(stage: Stage) -> None:
    assert (await stage.page.command(DEAR))[0] == 202
    question = (await stage.page.messages())[-1]
    assert question["private"]
    assert "120 credits" in question["text"]
    assert [b["label"] for b in question["buttons"]] == ["Run · 120 cr", "Never mind"]
    assert (await stage.page.jobs(), await stage.page.credits_left()) == ([], 2000)
    answers = await asyncio.gather(*(stage.page.act(question, "confirm") for _ in range(2)))
    assert sorted(status for status, _ in answers) == [202, 400]
    (job_id,) = await stage.page.jobs()
    await stage.page.over(job_id)
    assert await stage.page.credits_left() == 1880
    assert await stage.violations() == []


async def test_a_dear_job_that_is_not_wanted_after_all_costs_nothing(stage: Stage) -> None:
    await stage.page.command(DEAR)
    question = (await stage.page.messages())[-1]
    assert (await stage.page.act(question, "forget"))[0] == 202
    assert (await stage.page.act(question, "confirm"))[0] == 400
    assert (await stage.page.jobs(), await stage.page.credits_left()) == ([], 2000)


async def test_the_question_can_be_switched_off(open_stage: OpenStage) -> None:
    stage = await open_stage(confirm_above=None)
    job_id = await stage.page.begin(DEAR)
    assert (await stage.page.over(job_id)).state == "delivered"
