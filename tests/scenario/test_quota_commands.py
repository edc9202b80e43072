"""`/quota …` in the chat: what admins set, what they see, and what is refused with nothing changed."""

from collections.abc import Awaitable, Callable

import pytest

from tests.scenario.page import Page
from tests.scenario.stage import Stage

OpenStage = Callable[..., Awaitable[Stage]]
IMAGINE = "/imagine a fox --ratio 720:720"  # 5 credits


async def say(page: Page, text: str, member: str = "ada") -> str:
    """Send a command that is answered privately; the answer."""
    status, answer = await page.command(text, member)
    assert status == 202, answer
    return (await page.notices(member))[-1]


async def test_rules_for_member_role_and_default_and_which_one_applied(stage: Stage) -> None:
    page = stage.page
    assert "the configured default" in await say(page, "/quota show ben")
    await say(page, "/quota set default 300")
    assert "300 credits a month (the workspace's default)" in await say(page, "/quota show ben")
    await say(page, "/quota set design 70 week")
    assert "70 credits a week (from the role design)" in await say(page, "/quota show @ben")
    await say(page, "/quota set @Ben unlimited")
    assert "unlimited credits (set for this member)" in await say(page, "/quota show ben")
    assert "is gone" in await say(page, "/quota clear ben")
    assert "from the role design" in await say(page, "/quota show ben")
    overview = await say(page, "/quota show workspace")
    assert "role:design 70 credits a week" in overview
    assert "default 300 credits a month" in overview


async def test_a_blocked_member_is_told_so_and_can_be_let_in_again(stage: Stage) -> None:
    await say(stage.page, "/quota block ben")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert (status, answer["error"]) == (
        400, "An admin has blocked your credits. Ask one if that is wrong.",
    )  # fmt: skip
    await say(stage.page, "/quota clear ben")
    assert (await stage.page.finish(IMAGINE, "ben")).state == "delivered"


async def test_a_grant_is_shown_and_spent_after_the_allowance(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=5)
    assert "20 credits more, good until" in await say(stage.page, "/quota grant ben 20 30")
    assert "You have 25 of 25 credits left" in await say(stage.page, "/credits", "ben")
    await stage.page.finish(IMAGINE, "ben")
    await stage.page.finish(IMAGINE, "ben")
    answer = await say(stage.page, "/credits", "ben")
    assert "You have 15 of 25 credits left" in answer
    assert "Granted: 15 left, good until" in answer
    assert await stage.violations() == []


async def test_the_budget_of_the_workspace_stops_everybody(stage: Stage) -> None:
    await stage.page.finish(IMAGINE, "ben")
    await say(stage.page, "/quota set workspace 8")
    assert "used 5, held 0, 3 left" in await say(stage.page, "/quota show workspace")
    status, answer = await stage.page.command(IMAGINE, "chloe")
    assert status == 400
    assert "the team's budget has 3 left" in answer["error"]


async def test_the_cap_of_a_channel_stops_everybody_in_it(stage: Stage) -> None:
    await say(stage.page, "/quota channel 4 day")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert status == 400
    assert "this channel's cap has 4 left" in answer["error"]
    await say(stage.page, "/quota channel unlimited")
    await stage.page.finish(IMAGINE, "ben")


async def test_marks_are_told_once_to_the_member_and_for_the_budget_to_the_admins(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(credits=10)
    await say(stage.page, "/quota set workspace 10")
    await stage.page.finish(IMAGINE, "ben")

    def told(text: str) -> Callable[[list[dict[str, object]]], bool | None]:
        return lambda messages: any(text in str(m["text"]) for m in messages) or None

    assert await stage.page.until(told("You have used 50 % of your allowance"), "ben")
    assert await stage.page.until(told("The workspace has used 50 % of its budget"), "ada")
    await stage.page.finish(IMAGINE, "ben")
    assert await stage.page.until(told("You have used up all of your allowance"), "ben")
    fifty = [note for note in await stage.page.notices("ben") if "50 %" in note]
    assert len(fifty) == 1


async def test_three_refused_prompts_pause_and_a_pardon_ends_it(stage: Stage) -> None:
    for _ in range(3):
        await stage.page.finish(f"{IMAGINE} !safety-input", "ben")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert status == 400
    assert "paused until" in answer["error"]
    assert await stage.page.until(
        lambda messages: any("@Ben is paused until" in m["text"] for m in messages) or None, "ada"
    )
    await say(stage.page, "/quota pardon ben")
    await stage.page.finish(IMAGINE, "ben")


async def test_the_books_are_compared_with_runways(stage: Stage) -> None:
    await stage.page.finish(IMAGINE, "ben")
    await stage.page.finish(f"{IMAGINE} !safety-output", "ben")
    answer = await say(stage.page, "/quota reconcile")
    assert "Runway charged 10, we know of 10. The books agree." in answer
    await stage.page.finish(f"{IMAGINE} !504", "ben")
    answer = await say(stage.page, "/quota reconcile")
    assert "The books differ by +5." in answer
    assert "Uncertain: 1" in answer
    assert "gen4_image 3 of 500 today" in answer


@pytest.mark.parametrize("command", [
    "/quota set ben 0", "/quota set ben -5", "/quota set ben 1.5", "/quota set ben ten",
    "/quota set ben 99999999999", "/quota set ben", "/quota set", "/quota set nobody 5",
    "/quota set ben 5 year", "/quota set ben 5 month now", "/quota block nobody",
    "/quota block workspace", "/quota clear ben", "/quota grant ben 0", "/quota grant ben unlimited",
    "/quota grant design 5", "/quota grant ben 5 0", "/quota grant ben 5 soon",
    "/quota channel none", "/quota zone Mars/Base", "/quota zone ../etc/passwd", "/quota pardon design",
    "/quota wat", "/quota",
])  # fmt: skip
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stage: Stage, command: str
) -> None:
    before = await say(stage.page, "/quota show workspace")
    status, answer = await stage.page.command(command, "ada")
    assert 400 <= status < 500, answer
    assert answer["error"]
    assert await say(stage.page, "/quota show workspace") == before
    assert await stage.page.credits_left("ben") == 2000


async def test_a_member_without_the_right_changes_nothing(stage: Stage) -> None:
    for command in ("set ben 5", "block ada", "grant ben 5", "zone UTC", "reconcile", "show ada"):
        status, answer = await stage.page.command(f"/quota {command}", "ben")
        assert (status, answer["error"]) == (403, "Only admins may manage quotas.")
    assert "Nothing is set" in await say(stage.page, "/quota show workspace")
