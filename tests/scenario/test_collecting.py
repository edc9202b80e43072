"""An output that cannot be kept now is kept later, for as long as Runway has it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ArchiveFailed, OutputExpired, OutputUnavailable, OutputUnusable, TaskGone
from bot.jobs import Job, Member, State
from bot.ports import Task
from bot.requests import GenerationRequest, Kind, Media, Operation
from bot.steps.collect import MOST_UNUSABLE, Collection
from bot.timing.pauses import Pauses
from storage.engines.opening import open_database
from storage.storage import SqlStorage
from tests.storage.release_data import DEFAULTS

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEPT = Media("outputs/job1/0.mp4", Kind.VIDEO, "video/mp4", 9, "0", "fox.mp4", 1280, 720)


class SetClock:
    """Passes only while somebody sleeps; that of the wall may be off."""

    at = START
    off = timedelta()

    def now(self) -> datetime:
        return self.at + self.off

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Runway:
    """Stands for Runway: it has made one file."""

    is_gone = False

    async def task(self, task_id: str) -> Task:
        if self.is_gone:
            raise TaskGone(task_id)
        return Task(task_id, "SUCCEEDED", outputs=("https://out.test/1.mp4",))


class Library:
    """Stands for the download and the archive: for some time, one of them does not work."""

    def __init__(self, clock: SetClock, error: Exception, away: timedelta) -> None:
        self.clock, self.error, self.until = clock, error, START + away
        self.put_right = timedelta()
        self.tries = 0

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        self.tries += 1
        if self.clock.at < self.until:
            self.clock.off = self.put_right
            raise self.error
        return KEPT

    async def describe(self, media: Media, facts: object) -> None:
        return


async def _collected(
    url: str,
    error: Exception,
    away: timedelta,
    *,
    is_gone: bool = False,
    noticed_at: datetime = START,
    put_right: timedelta = timedelta(),
) -> tuple[Job, Library]:
    clock, runway = SetClock(), Runway()
    library, runway.is_gone = Library(clock, error, away), is_gone
    library.put_right = put_right
    database = await open_database(url)
    storage = SqlStorage(database, DEFAULTS)
    request = GenerationRequest(Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25)
    job = Job("job1", Member("slow:local", "ada"), "main", request, State.QUEUED, START)
    job = await storage.accept(job, (), START)
    for state in (State.SUBMITTING, State.RUNNING):
        job = await storage.advance(job, state, task_id="task1")
    job = await storage.advance(job, State.COLLECTING, cost=25, noticed_at=noticed_at)
    collection = Collection(storage, runway, library, clock, Pauses(most_attempts=None))  # type: ignore[arg-type]  # as much as it asks for
    ended = await collection.collect(job, ("https://out.test/1.mp4",))
    await database.close()
    return ended, library


@pytest.mark.parametrize(
    "error", [ArchiveFailed("503"), OSError(28, "full"), OutputUnavailable("no network")]
)
async def test_what_is_away_for_half_a_day_loses_no_result(
    migrated_copy: Callable[[], str], error: Exception
) -> None:
    ended, _ = await _collected(migrated_copy(), error, timedelta(hours=12))
    assert (ended.state, ended.outputs) == (State.DELIVERING, (KEPT,))


@pytest.mark.parametrize(
    ("ago", "put_right"), [(timedelta(hours=21), timedelta()), (timedelta(), timedelta(days=1))]
)
async def test_nothing_is_lost_for_what_the_wall_shows(
    migrated_copy: Callable[[], str], ago: timedelta, put_right: timedelta
) -> None:
    """The server was off for long, and its network comes later than it; or its clock was off."""
    ended, _ = await _collected(
        migrated_copy(),
        OutputUnavailable("no network"),
        timedelta(minutes=30),
        noticed_at=START - ago,
        put_right=put_right,
    )
    assert (ended.state, ended.outputs) == (State.DELIVERING, (KEPT,))


async def test_once_runway_has_it_no_more_it_is_given_up(
    migrated_copy: Callable[[], str],
) -> None:
    ended, library = await _collected(migrated_copy(), ArchiveFailed("503"), timedelta(days=9))
    assert (ended.state, ended.failure, ended.charged) == (State.FAILED, "OUTPUT", 0)
    assert START + timedelta(hours=20) < library.clock.at < START + timedelta(hours=21)


@pytest.mark.parametrize("is_gone", [False, True])
async def test_what_does_not_get_better_is_given_up_soon(
    migrated_copy: Callable[[], str], is_gone: bool
) -> None:
    error = OutputExpired("403") if is_gone else OutputUnusable("it does not decode")
    ended, library = await _collected(migrated_copy(), error, timedelta(days=9), is_gone=is_gone)
    assert (ended.state, ended.failure) == (State.FAILED, "OUTPUT")
    assert library.tries <= MOST_UNUSABLE
    assert library.clock.at < START + timedelta(hours=1)
