"""Our own queue: Runway's places are never overrun, and members take turns."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.scenario.stage import Stage

OpenStage = Callable[..., Awaitable[Stage]]
IMAGINE = "/imagine a fox --ratio 720:720"


async def test_one_place_is_never_overrun(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1, "image_seconds": 0.4})
    people = ("ada", "ada", "ada", "ben")
    jobs = [await stage.page.begin(f"{IMAGINE} {n}", who) for n, who in enumerate(people)]
    seen: set[tuple[str, int]] = set()
    watching = asyncio.create_task(_watch(stage, seen))
    for job_id in jobs:
        assert (await stage.page.over(job_id)).state == "delivered"
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

    assert ("RUNNING", 1) in seen
    assert {count for status, count in seen if status in ("PENDING", "RUNNING")} == {1}
    assert not any(status == "THROTTLED" for status, _ in seen)
    assert await stage.violations() == []


async def _watch(stage: Stage, seen: set[tuple[str, int]]) -> None:
    """Note how many tasks are in each status, again and again until cancelled."""
    while True:
        statuses = [task["status"] for task in (await stage.books()).tasks.values()]
        seen |= {(status, statuses.count(status)) for status in statuses}
        seen |= (
            {("PENDING", n)}
            if (n := statuses.count("PENDING") + statuses.count("RUNNING"))
            else set()
        )
        await asyncio.sleep(0.01)


async def test_members_take_turns_in_the_order_that_the_cards_show(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1})
    first = await stage.page.begin(f"{IMAGINE} !stall", "ada")
    second = await stage.page.begin(IMAGINE, "ada")
    third = await stage.page.begin(IMAGINE, "ada")
    ahead = await stage.page.begin(IMAGINE, "ben")

    def line(job_id: str, starts: str) -> Awaitable[object]:
        return stage.page.until_shown(job_id, lambda shown: shown.line("Status").startswith(starts))

    await line(ahead, "Next in line")
    await line(second, "2nd in line")
    await line(third, "3rd in line")
    status, _ = await stage.page.command("/queue", "chloe")
    assert status == 202
    notice = (await stage.page.notices("chloe"))[-1]
    places = [notice.index(f"{n}. {job}") for n, job in enumerate((ahead, second, third), 1)]
    assert places == sorted(places)
    assert notice.index("At work: 1") < notice.index(first) < notice.index("Waiting: 3")

    await stage.page.command(f"/cancel {first}", "ada")
    for job_id in (ahead, second, third):
        assert (await stage.page.over(job_id)).state == "delivered"
    jobs = {job.task_id: job.id for job in stage.accounts().jobs}
    sent = [jobs[create["id"]] for create in (await stage.books()).creates]
    assert sent == [first, ahead, second, third]


async def test_models_do_not_wait_for_each_other(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1})
    stalled = await stage.page.begin(f"{IMAGINE} !stall")
    other = await stage.page.finish("/imagine a fox --model gemini_2.5_flash")
    assert other.state == "delivered"
    assert (await stage.page.shown(stalled)).state == "running"


async def test_more_jobs_in_flight_than_allowed_are_refused(open_stage: OpenStage) -> None:
    stage = await open_stage({"concurrency": 1}, jobs_in_flight=2)
    for _ in range(2):
        await stage.page.begin(f"{IMAGINE} !stall", "ben")
    status, answer = await stage.page.command(IMAGINE, "ben")
    assert (status, "2 jobs at work" in answer["error"]) == (429, True)
    await stage.page.begin(IMAGINE, "chloe")
