"""Which job a message belongs to, and what was honoured already, in rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.credits import Allowance, Outcome, Period
from bot.jobs import Job, Member, State
from bot.ports import Once
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.database import Database
from storage.engines.opening import open_database
from storage.events import SqlEventLog
from storage.rules import Defaults
from storage.storage import SqlStorage

NOW = datetime(2026, 5, 1, tzinfo=UTC)
OWNER = Member("discord:1", "42")
REQUEST = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "x", 8)
PAUSE = Moderation(strikes=3, window=timedelta(hours=1), pause=timedelta(hours=1), words=())


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(f"sqlite:///{tmp_path}/dailies.db")
    yield opened
    await opened.close()


@pytest.fixture
def storage(database: Database) -> SqlStorage:
    allowance = Allowance(500, Period.MONTH)
    return SqlStorage(database, Defaults(allowance, 9, ZoneInfo("UTC"), PAUSE))


def _job(id_: str) -> Job:
    return Job(id_, OWNER, "7", REQUEST, State.QUEUED, NOW)


async def test_a_job_is_found_by_its_card_and_by_its_result_in_its_own_server(
    database: Database, storage: SqlStorage
) -> None:
    book = SqlEventLog(database)
    await storage.accept(_job("a"), [], NOW)
    await storage.note("a", card="7/1", result="7/2")
    assert await book.job_of("discord:1", "7/1") == "a"
    assert await book.job_of("discord:1", "7/2") == "a"
    assert await book.job_of("discord:2", "7/2") is None


async def test_results_of_the_last_days_and_cards_at_work_are_read_again(
    database: Database, storage: SqlStorage
) -> None:
    book = SqlEventLog(database)
    for id_, finished in (("old", NOW - timedelta(days=8)), ("new", NOW - timedelta(days=6))):
        job = await storage.accept(_job(id_), [], NOW)
        await storage.note(id_, card=f"7/c{id_}", result=f"7/r{id_}", told=True)
        await storage.finish(job, State.FAILED, Outcome.NEVER_SENT, finished)
    await storage.accept(_job("working"), [], NOW)
    await storage.note("working", card="7/cworking")
    found = await book.recent("discord", NOW - timedelta(days=7), 10)
    assert found == [("discord:1", "working", "7/cworking"), ("discord:1", "new", "7/rnew")]
    assert await book.recent("slack", NOW - timedelta(days=7), 10) == []
    assert len(await book.recent("discord", NOW - timedelta(days=7), 1)) == 1


async def test_an_event_is_honoured_by_its_job_or_by_a_note(
    database: Database, storage: SqlStorage
) -> None:
    book = SqlEventLog(database)
    await storage.accept(_job("a"), [Once("discord:1|event|made")], NOW)
    await book.note("discord:1", "refused", NOW)
    await book.note("discord:1", "refused", NOW)
    events = ["made", "refused", "new"]
    assert await book.honoured("discord:1", events) == {"made", "refused"}
    assert await book.honoured("discord:2", events) == set()


async def test_what_was_honoured_is_asked_for_a_time_and_a_beginning_is_remembered(
    database: Database,
) -> None:
    book, hour = SqlEventLog(database), timedelta(hours=1)
    await book.note("slack:1", "refused", NOW)
    assert await book.honoured("slack:1", ["refused"], (NOW - hour, NOW + hour)) == {"refused"}
    assert await book.honoured("slack:1", ["refused"], (NOW + hour, NOW + 2 * hour)) == set()
    assert await book.began("slack|reactions", NOW) == NOW
    assert await book.began("slack|reactions", NOW + hour) == NOW


async def test_an_event_that_lost_to_another_key_names_the_same_job(storage: SqlStorage) -> None:
    same = Once("same", timedelta(seconds=3))
    await storage.accept(_job("a"), [Once("first"), same], NOW)
    assert (await storage.accept(_job("b"), [Once("second"), same], NOW)).id == "a"
    assert (await storage.accept(_job("c"), [Once("second")], NOW)).id == "a"
