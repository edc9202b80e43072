"""A task is taken back by who has its job: a finished one of somebody else's is a paid result."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.errors import StaleJob
from bot.jobs import CANCEL_RUNNING
from storage.database import Database
from storage.engines.opening import open_database
from storage.schema import jobs
from tests.scenario.patient import Scene, set_scene

Late = Callable[[Scene, Database], Awaitable[None]]


@pytest.fixture
async def database(tmp_path: Path, migrated_copy: Callable[[], str]) -> AsyncIterator[Database]:
    opened = await open_database(migrated_copy())
    yield opened
    await opened.close()


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await set_scene(database)


async def _another_has_it(_scene: Scene, database: Database) -> None:
    taken = update(jobs).values(holder="other", fence=jobs.c.fence + 1)
    await database.write(lambda c: c.execute(taken) and None)


async def _it_stood_still(scene: Scene, _database: Database) -> None:
    """Until its lease was over by its own clock; nobody has taken the job over yet."""
    scene.clock.at += timedelta(days=9)


LATE = pytest.mark.parametrize("late", [_another_has_it, _it_stood_still])


@LATE
async def test_whoever_lost_a_job_gives_up_no_task(
    scene: Scene, database: Database, late: Late
) -> None:
    await scene.look(0)
    scene.runway.meanwhile = partial(late, scene, database)
    with pytest.raises(StaleJob):
        await scene.look(31)
    assert scene.runway.deleted == 0


@LATE
@pytest.mark.parametrize("noted", [None, CANCEL_RUNNING])
async def test_whoever_lost_a_job_cancels_no_task(
    scene: Scene, database: Database, late: Late, noted: str | None
) -> None:
    """Nor again, where Runway did not hear it the first time."""
    wanted = await scene.storage.note("job1", cancel_requested=True, failure=noted)
    scene.watched.job = wanted
    scene.runway.meanwhile = partial(late, scene, database)
    with pytest.raises(StaleJob):
        await scene.look(1)
    assert scene.runway.deleted == 0


async def test_whoever_lost_a_job_notes_no_cancellation_on_it(
    scene: Scene, database: Database
) -> None:
    """It would say who pays, should the next holder find no task."""
    scene.watched.job = await scene.storage.note("job1", cancel_requested=True)
    scene.runway.meanwhile = partial(_another_has_it, scene, database)
    with pytest.raises(StaleJob):
        await scene.look(1)
    found = await scene.storage.job("job1")
    assert found is not None
    assert found.failure is None
