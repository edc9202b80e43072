"""`/quota …` in the chat: what admins set, what they see, and what is refused with nothing changed."""

import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

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


@pytest.mark.parametrize("nobody", ["@", "<@>", "!"])
async def test_a_mark_around_nothing_is_not_the_default(stage: Stage, nobody: str) -> None:
    await say(stage.page, "/quota set workspace 900")
    await say(stage.page, "/quota set default 60")
    status, answer = await stage.page.command(f"/quota clear {nobody}")
    assert (status, "There is no member" in answer.get("error", "")) == (400, True)
    assert "default 60 credits a month" in await say(stage.page, "/quota show workspace")


async def test_a_blocked_member_is_told_so_and_can_be_let_in_again(stage: Stage) -> None:
    await say(stage.page, "/quota block ben")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert (status, answer["error"]) == (
        400, "An admin has blocked your credits. Ask one if that is wrong.",
    )  # fmt: skip
    await say(stage.page, "/quota clear ben")
    assert (await stage.page.finish(IMAGINE, "ben")).state == "delivered"


async def test_what_a_blocked_member_sends_is_not_even_looked_into(
    stage: Stage, tmp_path: Path
) -> None:
    (broken := tmp_path / "fox.png").write_bytes(b"this is no picture")
    await say(stage.page, "/quota block ben")
    status, answer = await stage.page.command("/animate a fox", "ben", [broken])
    assert (status, answer["error"]) == (
        400, "An admin has blocked your credits. Ask one if that is wrong.",
    )  # fmt: skip


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


async def test_a_change_is_in_the_history_with_who_before_after_and_why(stage: Stage) -> None:
    assert "Nothing has been changed yet" in await say(stage.page, "/quota history")
    await say(stage.page, "/quota set ben 300 week --why the big campaign")
    await say(stage.page, "/quota block ben")
    await say(stage.page, "/quota set default 50")
    history = await say(stage.page, "/quota history @ben")
    assert "@Ada set @Ben: nothing → 300 a week (“the big campaign”)" in history
    assert "@Ada block @Ben: 300 a week → blocked" in history
    assert "default" not in history
    assert "@Ada set default: nothing → 50 a month" in await say(stage.page, "/quota history")


async def test_what_was_granted_is_taken_back_and_a_member_starts_anew(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage(credits=10)
    await say(stage.page, "/quota grant ben 40")
    assert "has 15 credits of the granted ones less" in await say(
        stage.page, "/quota revoke ben 15 --why a typo"
    )
    assert await stage.page.credits_left("ben") == 35
    await say(stage.page, "/quota revoke ben")
    await stage.page.finish(IMAGINE, "ben")
    assert await stage.page.credits_left("ben") == 5
    assert "starts anew: 5 credits used before do not count, 10 left" in await say(
        stage.page, "/quota reset ben"
    )
    assert "started anew: 5 used before do not count" in await say(stage.page, "/credits", "ben")
    assert await stage.violations() == []


async def test_a_report_is_a_picture_and_a_table_for_the_admin_alone(stage: Stage) -> None:
    assert "none" in await say(stage.page, "/quota report")
    await stage.page.finish(IMAGINE, "ben")
    await stage.page.finish("/imagine a fox --ratio square", "ada")
    text = await say(stage.page, "/quota report week")
    assert "13 credits for 2 jobs" in text
    assert "Most by: Ada 8, Ben 5" in text
    message = (await stage.page.messages())[-1]
    chart, table = message["attachments"]
    async with stage.session.get(stage.page.url + chart["url"]) as response:
        image = Image.open(io.BytesIO(await response.read()))
        assert (image.format, image.size) == ("PNG", (1000, 560))
    async with stage.session.get(stage.page.url + table["url"]) as response:
        rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert [(r["member"], r["name"], r["model"], r["jobs"], r["credits"]) for r in rows] == [
        ("ada", "Ada", "gen4_image", "1", "8"), ("ben", "Ben", "gen4_image", "1", "5"),
    ]  # fmt: skip
    assert all("usage-" not in str(m["attachments"]) for m in await stage.page.messages("ben"))


async def test_settings_are_shown_and_set_for_the_workspace(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=3)
    shown = await say(stage.page, "/quota settings")
    assert "zone UTC" in shown
    assert "3 credits a month" in shown
    assert "confirm above 100 credits" in shown
    await say(stage.page, "/quota settings zone Europe/Berlin --why we moved")
    await say(stage.page, "/quota settings period day")
    await say(stage.page, "/quota settings credits 4")
    await say(stage.page, "/quota settings alerts #dailies")
    shown = await say(stage.page, "/quota settings confirm 4")
    assert "zone Europe/Berlin" in shown
    assert "4 credits a day" in shown
    assert "alerts dailies" in shown
    assert "confirm above 4 credits" in shown
    # Asked first, because it is above 4; and there is not enough for it.
    assert (await stage.page.command(IMAGINE, "ben"))[0] == 202
    question = (await stage.page.messages("ben"))[-1]
    assert "costs 5 credits" in question["text"]
    assert (await stage.page.act(question, "confirm", "ben"))[0] == 400
    note = (await stage.page.messages("ben"))[-1]
    assert (await stage.page.act(note, "ask", "ben"))[0] == 202
    alert = next(m for m in await stage.page.messages("chloe") if "asks for" in m["text"])
    assert not alert["private"]
    assert (await stage.page.act(alert, "approve", "ben"))[0] == 403
    assert "confirm never" in await say(stage.page, "/quota settings confirm never")
    assert "confirm above 100 credits" in await say(
        stage.page, "/quota settings confirm configured"
    )
    assert "zone: nothing → Europe/Berlin (“we moved”)" in await say(stage.page, "/quota history")


async def test_another_period_does_not_give_the_same_credits_twice(open_stage: OpenStage) -> None:
    stage = await open_stage(credits=8)
    await stage.page.finish(IMAGINE, "ben")
    await say(stage.page, "/quota set ben 8 day")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert status == 400
    assert "you have 3 left" in answer["error"]


async def test_a_reaction_on_what_moderation_refused_is_refused_kindly(stage: Stage) -> None:
    shown = await stage.page.finish(f"{IMAGINE} !safety-input", "ben")
    assert shown.end["buttons"] == []
    status, answer = await stage.page.react(shown.end, "🔁", "ben")
    assert status == 400
    assert "would refuse it again" in answer["error"]
    assert len(await stage.page.jobs()) == 1


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


NONSENSE = [
    "/quota set ben 0", "/quota set ben -5", "/quota set ben 1.5", "/quota set ben ten",
    "/quota set ben 99999999999", "/quota set ben", "/quota set", "/quota set nobody 5",
    "/quota set ben 5 year", "/quota set ben 5 month now", "/quota block nobody",
    "/quota block workspace", "/quota clear ben", "/quota grant ben 0", "/quota grant ben unlimited",
    "/quota grant design 5", "/quota grant ben 5 0", "/quota grant ben 5 soon",
    "/quota channel none", "/quota zone Mars/Base", "/quota zone ../etc/passwd", "/quota pardon design",
    "/quota revoke ben", "/quota revoke ben 5", "/quota revoke ben 0", "/quota revoke design",
    "/quota reset design", "/quota reset nobody", "/quota history nobody", "/quota report year",
    "/quota settings colour red", "/quota settings zone", "/quota settings zone Mars/Base",
    "/quota settings credits -5", "/quota settings credits 0", "/quota settings period year",
    "/quota settings confirm some", "/quota settings confirm -1", "/quota settings alerts #nowhere",
    "/quota set ben 5 --why", f"/quota set ben 5 --why {'because ' * 40}", "/quota wat", "/quota",
]  # fmt: skip


async def test_what_makes_no_sense_is_refused_and_changes_nothing(stage: Stage) -> None:
    looks = ("/quota show workspace", "/quota history", "/quota settings")
    before = [await say(stage.page, look) for look in looks]
    for command in NONSENSE:
        status, answer = await stage.page.command(command, "ada")
        assert 400 <= status < 500, (command, answer)
        assert (await stage.page.notices())[-1] == answer["error"], command
    assert [await say(stage.page, look) for look in looks] == before
    assert await stage.page.credits_left("ben") == 2000


async def test_a_member_without_the_right_changes_nothing(stage: Stage) -> None:
    for command in ("set ben 5", "block ada", "grant ben 5", "zone UTC", "reconcile", "show ada",
                    "revoke ben", "reset ben", "history", "report", "settings zone UTC"):  # fmt: skip
        status, answer = await stage.page.command(f"/quota {command}", "ben")
        assert (status, answer["error"]) == (403, "Only admins may manage quotas.")
    assert "Nothing is set" in await say(stage.page, "/quota show workspace")
