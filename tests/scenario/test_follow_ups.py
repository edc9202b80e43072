"""What is done with a result: retry, upscale, animate; by button, by reaction, by several people."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.credits import Allowance
from bot.desk.generation import ONCE_WINDOW
from bot.jobs import Job, Member, State
from bot.ports import Once
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.engines.opening import open_database
from storage.quota import SqlQuotas
from storage.rules import Defaults
from storage.storage import SqlStorage
from tests.scenario.page import Message
from tests.scenario.stage import Stage

IMAGINE = "/imagine a fox --ratio 720:720"


@pytest.mark.parametrize(
    ("action", "emoji", "title", "price"),
    [
        ("retry", "🔁", "Imagine", 5),
        ("upscale", "⬆️", "Upscale", 25),
        ("animate", "🎬", "Animate", 25),
    ],
)
async def test_button_and_reaction_of_one_person_are_one_job(
    stage: Stage, action: str, emoji: str, title: str, price: int
) -> None:
    result = (await stage.page.finish(IMAGINE)).end
    offered = {b["action"]: b["label"] for b in result["buttons"]}
    assert offered[action].endswith(f"· {price} cr")
    answers = await asyncio.gather(
        stage.page.act(result, action, "ben"),
        stage.page.react(result, emoji, "ben"),
        stage.page.act(result, action, "ben"),
    )
    assert [status for status, _ in answers] == [202, 202, 202]
    _, made = await stage.page.jobs()
    shown = await stage.page.over(made)
    assert (shown.state, shown.cards[0]["card"]["owner"]) == ("delivered", "Ben")
    assert shown.cards[0]["card"]["title"].startswith(title)
    assert stage.accounts().captured(made) == price
    assert await stage.page.credits_left("ben") == 2000 - price
    assert await stage.violations() == []


async def test_the_same_action_by_two_people_is_two_jobs_each_at_its_own_cost(
    stage: Stage,
) -> None:
    result = (await stage.page.finish(IMAGINE)).end
    await asyncio.gather(*(stage.page.react(result, "🔁", who) for who in ("ben", "chloe")))
    made = (await stage.page.jobs())[1:]
    shown = [await stage.page.over(job_id) for job_id in made]
    assert sorted(each.cards[0]["card"]["owner"] for each in shown) == ["Ben", "Chloe"]
    left = [await stage.page.credits_left(who) for who in ("ada", "ben", "chloe")]
    assert left == [1995, 1995, 1995]


async def test_reactions_of_several_people_at_once_are_all_kept(stage: Stage) -> None:
    result = (await stage.page.finish(IMAGINE)).end
    signs = ("👍", "🎉", "🔥", "👏")
    given = [(sign, who) for sign in signs for who in ("ada", "ben", "chloe")]
    await asyncio.gather(*(stage.page.react(result, *each) for each in given))
    (after,) = [m for m in await stage.page.messages() if m["id"] == result["id"]]
    counts = {reaction["emoji"]: reaction["count"] for reaction in after["reactions"]}
    assert counts == dict.fromkeys(signs, 3)


async def test_a_retry_says_where_it_comes_from_and_has_another_seed(stage: Stage) -> None:
    first = await stage.page.finish(IMAGINE)
    await stage.page.act(first.end, "retry")
    again = await stage.page.over((await stage.page.jobs())[-1])
    origin = f"Retry of {first.end['job_id']}"
    assert again.line("From") == origin
    assert origin in again.end["text"]
    seeds = {job.request.seed for job in stage.accounts().jobs}
    assert len(seeds) == 2


async def test_an_upscaled_image_can_be_animated(stage: Stage) -> None:
    result: Message = (await stage.page.finish(IMAGINE)).end
    for action in ("upscale", "animate"):
        await stage.page.act(result, action)
        shown = await stage.page.over((await stage.page.jobs())[-1])
        assert shown.state == "delivered", shown.cards[0]["text"]
        result = shown.end
    assert result["attachments"][0]["content_type"] == "video/mp4"
    assert await stage.violations() == []


async def test_what_a_result_cannot_do_is_refused_in_private(stage: Stage) -> None:
    failed = await stage.page.finish(f"{IMAGINE} !internal")
    for action, says in (("upscale", "has no result"), ("dance", "nothing like that")):
        status, answer = await stage.page.act(failed.end, action, "ben")
        assert 400 <= status < 500
        assert says in answer["error"]
    status, _ = await stage.page.react(failed.end, "⬆️", "ben")
    assert status == 400
    assert len(await stage.page.jobs()) == 1


async def test_what_was_tidied_away_is_refused_kindly_and_makes_no_job(stage: Stage) -> None:
    image = (await stage.page.finish(IMAGINE)).end
    video = (await stage.page.finish("/animate a fox --model gen4.5 --duration 2")).end
    made = (await stage.page.finish(f"/animate it --ref {image['job_id']} --duration 2")).end
    shutil.rmtree(stage.folder / "archive" / "outputs")
    asked = [
        await stage.page.act(image, "upscale"),
        await stage.page.react(image, "🎬"),
        await stage.page.act(video, "extend"),
        await stage.page.act(made, "retry"),
        await stage.page.command(f"/imagine it --ref {image['job_id']}"),
        await stage.page.command(f"/animate it --ref {video['job_id']}"),
    ]
    for status, answer in asked:
        assert (status, "is not kept any more" in answer["error"]) == (400, True), answer
    assert len(await stage.page.jobs()) == 3
    assert (await stage.page.act(video, "retry"))[0] == 202  # it needs words alone


async def test_after_the_window_the_same_action_is_a_new_job(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
    defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
    storage, quotas = SqlStorage(database, defaults), SqlQuotas(database, defaults)
    key = Once("playground:local|ada|retry|x", ONCE_WINDOW)
    start = datetime(2026, 1, 1, tzinfo=UTC)

    async def ask(job_id: str, seconds: float) -> str:
        at = start + timedelta(seconds=seconds)
        return (await storage.accept(_job(job_id, at), [key], at)).id

    assert await ask("a", 0.0) == "a"
    assert await ask("b", 2.9) == "a"
    assert await ask("c", 3.1) == "c"
    assert await ask("d", 6.0) == "c"  # the window began anew with the new job
    assert await ask("e", 6.2) == "e"
    assert [job.id for job in await storage.unfinished()] == ["a", "c", "e"]
    held = (await quotas.balance(Member("playground:local", "ada"), start)).held
    assert held == 15
    await database.close()


def _job(job_id: str, at: datetime) -> Job:
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 5)
    owner = Member("playground:local", "ada")
    return Job(job_id, owner, "dailies", request, State.QUEUED, at)
