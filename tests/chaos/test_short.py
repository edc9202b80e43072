"""A short run of the same harness as `make chaos`: real processes, real deaths, both engines."""

import asyncio
from pathlib import Path

from tests.chaos.campaign import play
from tests.chaos.report import table
from tests.chaos.scene import Plan
from tests.postgres import Server

# Those whose backoff is short; the others have the whole of `make chaos`.
WORDS = ("!504", "!reset", "!expired", "!garbage", "!internal")
PLANS = (
    Plan("sqlite", 1, 5, seed=7, lease=1.0, at_once=4, words=WORDS),
    Plan("postgresql", 2, 7, seed=7, lease=1.0, at_once=5, words=WORDS),
)


async def test_no_fault_breaks_the_promise(tmp_path: Path, postgres: Server) -> None:
    folders = [tmp_path / plan.engine for plan in PLANS]
    for folder in folders:
        folder.mkdir()
    # Ended together, should one of them break: a scene left behind would fail another test.
    async with asyncio.TaskGroup() as playing:
        scenes = [
            playing.create_task(play(plan, folder, postgres))
            for plan, folder in zip(PLANS, folders, strict=True)
        ]
    outcomes = [scene.result() for scene in scenes]
    assert all(outcome.verdict.holds for outcome in outcomes), table(outcomes)
    assert all(outcome.runs >= outcome.plan.runs for outcome in outcomes)
    assert all(outcome.verdict.jobs for outcome in outcomes)
