"""Each fault of the simulator leads to the outcome and the cost that bot/credits.py documents."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.scenario.page import Shown
from tests.scenario.stage import Stage

IMAGINE = "/imagine a fox --ratio 720:720"
PRICE = 5


@dataclass(frozen=True)
class End:
    """How a job ends: its state, credits per account, tasks at Runway, and words of the message."""

    state: str
    member: int = 0
    workspace: int = 0
    unreconciled: int = 0
    tasks: int = 1
    says: str = ""


DELIVERED = End("delivered", member=PRICE, says="your image is ready")
UNCERTAIN = End("uncertain", unreconciled=PRICE, says="nobody can say")
ENDS = {
    "!502": DELIVERED,
    "!503": DELIVERED,
    "!429": DELIVERED,
    "!404": DELIVERED,
    "!504": UNCERTAIN,
    "!reset": UNCERTAIN,
    "!cut": DELIVERED,
    "!expired": DELIVERED,
    "!garbage": DELIVERED,
    "!403": End("failed", tasks=0, says="may not use this model. Choose another one. It cost nothing"),
    "!safety-input": End("failed", member=PRICE, says="refused the prompt or an attachment"),
    "!safety-output": End("failed", workspace=PRICE, says="refused what came out"),
    "!bad-output": End("failed", says="not good enough to keep"),
    "!internal": End("failed", says="Something went wrong at Runway"),
    "!preprocessing": End("failed", says="Something went wrong at Runway"),
    "!asset": End("failed", says="could not read an attachment"),
    "!third-party": End("failed", says="not available at the moment"),
    "!cancelled": End("cancelled"),
}  # fmt: skip


async def test_each_fault_ends_as_documented(
    open_stage: Callable[..., Awaitable[Stage]],
) -> None:
    stage = await open_stage({"concurrency": 50})
    jobs = {word: await stage.page.begin(f"{IMAGINE} {word}", "ben") for word in ENDS}
    ends = {word: await stage.page.over(job_id) for word, job_id in jobs.items()}
    books, accounts = await stage.books(), stage.accounts()
    found = {
        word: End(
            state=shown.state,
            member=accounts.captured(jobs[word]),
            workspace=accounts.captured(jobs[word], "workspace"),
            unreconciled=accounts.captured(jobs[word], "unreconciled"),
            tasks=int(accounts.job(jobs[word]).task_id in books.tasks) or int(_lost(word)),
            says=_said(shown, ENDS[word].says),
        )
        for word, shown in ends.items()
    }
    assert found == ENDS
    assert len(books.creates) == sum(end.tasks for end in ENDS.values())
    assert await stage.violations() == []
    captured = sum(end.member for end in ENDS.values())
    assert await stage.page.credits_left("ben") == 2000 - captured


async def test_a_refused_prompt_is_not_offered_again_and_its_cost_is_told(stage: Stage) -> None:
    shown = await stage.page.finish(f"{IMAGINE} !safety-input")
    assert shown.end["buttons"] == []
    assert "It cost 5 credits" in shown.end["text"]


async def test_a_daily_limit_keeps_the_job_in_the_queue_and_it_cancels_free(stage: Stage) -> None:
    job_id = await stage.page.begin(f"{IMAGINE} !daily")
    shown = await stage.page.until_shown(
        job_id, lambda shown: "daily limit" in shown.line("Status")
    )
    assert shown.state == "queued"
    assert await stage.page.credits_left() == 1995  # held
    status, _ = await stage.page.act(shown.cards[0], "cancel")
    assert status == 202
    assert (await stage.page.over(job_id)).state == "cancelled"
    assert await stage.page.credits_left() == 2000
    assert (await stage.books()).creates == []
    assert await stage.violations() == []


async def test_a_reset_leaves_one_task_at_runway_and_is_never_sent_again(stage: Stage) -> None:
    shown = await stage.page.finish(f"{IMAGINE} !reset")
    assert [b["action"] for b in shown.end["buttons"]] == ["retry"]
    later = await stage.page.finish(IMAGINE)  # a whole other life passes meanwhile
    assert later.state == "delivered"
    assert len((await stage.books()).creates) == 2


def _lost(word: str) -> bool:
    """Whether the simulator makes a task whose id nobody hears."""
    return word in ("!504", "!reset")


def _said(shown: Shown, wanted: str) -> str:
    """The wanted words where they are said, else all that is said."""
    text = shown.end["text"] if shown.ends else ""
    return wanted if wanted in text else text
