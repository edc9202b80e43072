"""Cancelling: free in our queue, at the price once Runway is at work, and only one's own jobs."""

from collections.abc import Awaitable, Callable

from tests.scenario.stage import Stage

OpenStage = Callable[..., Awaitable[Stage]]
IMAGINE = "/imagine a fox --ratio 720:720"


async def test_in_the_queue_it_is_free_and_never_sent(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1})
    first = await stage.page.begin(f"{IMAGINE} !stall")
    queued = await stage.page.begin(IMAGINE)
    card = (await stage.page.shown(queued)).cards[0]
    assert [b["label"] for b in card["buttons"]] == ["Cancel"]
    status, _ = await stage.page.act(card, "cancel")
    assert status == 202
    shown = await stage.page.over(queued)
    assert (shown.state, shown.line("Status")) == ("cancelled", "Cancelled. It cost nothing.")
    assert await stage.page.credits_left() == 1995
    await stage.page.until_state(first, "running")
    assert len((await stage.books()).creates) == 1


async def test_while_runway_is_at_work_it_costs_the_price(stage: Stage) -> None:
    job_id = await stage.page.begin(f"{IMAGINE} !stall", "ben")
    shown = await stage.page.until_state(job_id, "running")
    await stage.until_task("RUNNING")
    assert [b["label"] for b in shown.cards[0]["buttons"]] == ["Cancel · no refund"]
    status, _ = await stage.page.react(shown.cards[0], "❌", "ben")
    assert status == 202
    shown = await stage.page.over(job_id)
    assert shown.state == "cancelled"
    assert "It cost 5 credits" in shown.line("Status")
    books = await stage.books()
    assert ([t["status"] for t in books.tasks.values()], books.charged) == (["CANCELLED"], 5)
    assert stage.accounts().captured(job_id) == 5
    assert await stage.violations() == []


async def test_a_finished_job_is_not_cancelled_and_its_file_stays(stage: Stage) -> None:
    shown = await stage.page.finish(IMAGINE)
    job_id = shown.end["job_id"]
    answers = [
        await stage.page.act(shown.cards[0], "cancel"),
        await stage.page.react(shown.end, "❌"),
        await stage.page.command(f"/cancel {job_id}"),
    ]
    assert [status for status, _ in answers] == [400, 400, 400]
    assert all("delivered already" in answer["error"] for _, answer in answers)
    assert await stage.violations() == []
    assert not any(task["deleted"] for task in (await stage.books()).tasks.values())


async def test_only_owner_and_admin_may_cancel(stage: Stage) -> None:
    job_id = await stage.page.begin(f"{IMAGINE} !stall", "ben")
    shown = await stage.page.until_state(job_id, "running")
    for answer in (
        await stage.page.act(shown.cards[0], "cancel", "chloe"),
        await stage.page.react(shown.cards[0], "✖", "chloe"),
        await stage.page.command(f"/cancel {job_id}", "chloe"),
    ):
        assert answer[0] == 403
        assert "Only its owner or an admin" in answer[1]["error"]
    assert (await stage.page.shown(job_id)).state == "running"
    status, _ = await stage.page.command(f"/cancel {job_id}", "ada")  # the admin
    assert status == 202
    assert (await stage.page.over(job_id)).state == "cancelled"


async def test_without_an_id_ones_latest_job_is_cancelled(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1})
    jobs = [await stage.page.begin(f"{IMAGINE} !stall", who) for who in ("ben", "ben", "chloe")]
    status, _ = await stage.page.command("/cancel", "ben")
    assert status == 202
    assert (await stage.page.over(jobs[1])).state == "cancelled"
    assert "nothing was charged" in (await stage.page.notices("ben"))[-1]
    states = [(await stage.page.shown(job_id)).state for job_id in jobs]
    assert states[2] == "queued"
    assert states[0] in ("submitting", "running")


async def test_an_id_is_known_also_as_a_phone_writes_it_and_as_a_card_shows_it(
    open_stage: OpenStage,
) -> None:
    stage = await open_stage({"concurrency": 1})
    await stage.page.begin(f"{IMAGINE} !stall")
    for mark in ("{}", "`{}`"):
        job_id = await stage.page.begin(IMAGINE)
        answer = await stage.page.command("/cancel " + mark.format(job_id.upper()))
        assert answer == (202, {"ok": True})
        assert (await stage.page.over(job_id)).state == "cancelled"
    queued = await stage.page.begin(IMAGINE)
    assert (await stage.page.command("/cancel ``"))[0] == 404  # not the latest one
    assert (await stage.page.shown(queued)).state == "queued"


async def test_right_after_it_was_sent_it_is_told_to_runway_too(stage: Stage) -> None:
    """Runway may not know the task yet that it has just made."""
    job_id = await stage.page.begin(f"{IMAGINE} !404 !stall", "ben")
    shown = await stage.page.until_state(job_id, "running")
    status, _ = await stage.page.act(shown.cards[0], "cancel", "ben")
    assert status == 202
    assert (await stage.page.over(job_id)).state == "cancelled"
    (task,) = (await stage.books()).tasks.values()
    assert task["status"] == "CANCELLED"
    assert await stage.violations() == []
