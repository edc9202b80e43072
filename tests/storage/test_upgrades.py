"""The database of every released version is brought to today's tables, and goes on working."""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.credits import Outcome
from bot.jobs import State
from storage.engines.inspection import inspect_database
from storage.engines.opening import open_database
from storage.migrations import revisions
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.schema import metadata
from storage.storage import SqlStorage
from tests.storage.release_data import (
    ADA,
    BEN,
    DEFAULTS,
    FOLDER,
    NOW,
    WAYS,
    dump,
    request,
    version,
)

RELEASED = sorted(FOLDER.glob("*.sql"))


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def old(request, tmp_path):
    """The path of an old version's database."""
    path = tmp_path / "dailies.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    return path


@pytest.fixture
async def upgraded(old):
    database = await open_database(f"sqlite:///{old}")
    yield database
    await database.close()


async def test_an_old_database_is_brought_to_todays_tables(old, upgraded):
    def differences(c):
        context = MigrationContext.configure(c, opts={"compare_server_default": True})
        return compare_metadata(context, metadata)

    assert await upgraded.read(differences) == []
    assert (await inspect_database(f"sqlite:///{old}")).at == revisions()[-1]


async def test_every_job_of_old_is_there_in_its_state(upgraded):
    storage = SqlStorage(upgraded, DEFAULTS)
    for name in WAYS:
        job = await storage.job(f"job-{name}")
        assert job.state.value == name
        assert job.request == request()
        assert job.owner in (ADA, BEN)
    unfinished = {job.id for job in await storage.unfinished()}
    assert unfinished == {
        f"job-{name}" for name in ("queued", "submitting", "running", "collecting", "delivering")
    }


async def test_the_books_of_old_still_balance(upgraded):
    def sums(c):
        buckets = c.exec_driver_sql("SELECT sum(held), sum(captured) FROM buckets").one()
        ledger = c.exec_driver_sql("SELECT sum(held), sum(captured) FROM ledger").one()
        return tuple(buckets), tuple(ledger)

    buckets, ledger = await upgraded.read(sums)
    assert buckets == ledger
    assert buckets[0] > 0
    assert buckets[1] > 0
    quotas = SqlQuotas(upgraded, DEFAULTS)
    assert [grant.left for grant in (await quotas.balance(ADA, NOW)).grants] == [100]
    assert (await quotas.balance(BEN, NOW)).allowance.credits is None
    assert len(await quotas.rules(ADA.workspace)) == 2
    assert str(await quotas.zone(ADA.workspace)) == "Europe/Berlin"
    assert [draft.id for draft in await quotas.open_drafts()] == ["draft1"]


async def test_work_of_old_goes_on(upgraded):
    storage, quotas = SqlStorage(upgraded, DEFAULTS), SqlQuotas(upgraded, DEFAULTS)
    job = await storage.job("job-delivering")
    before = await quotas.balance(job.owner, NOW)
    later = NOW + timedelta(hours=1)
    ended = await storage.finish(job, State.DELIVERED, Outcome.DELIVERED, later, 25)
    after = await quotas.balance(job.owner, NOW)
    assert ended.charged == 25
    assert (before.held - after.held, after.captured - before.captured) == (25, 25)
    assert [order.job for order in await SqlOrders(upgraded).unanswered()] == ["job-failed"]


def test_every_released_version_has_its_data():
    changes = (FOLDER.parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    released = set(re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changes, re.MULTILINE))
    assert released <= {path.stem for path in RELEASED}
    assert version() in {path.stem for path in RELEASED}


async def test_the_data_of_a_version_that_is_not_released_is_todays():
    """Once it is released it stays as it is, and migrations lead on from there."""
    changes = (FOLDER.parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"## [{version()}]" in changes:
        return
    kept = (FOLDER / f"{version()}.sql").read_text(encoding="utf-8")
    assert tables_of(kept) == tables_of(await dump()), "The tables have changed: make release-data"


def tables_of(dump):
    return sorted(re.findall(r"^CREATE .*?;$", dump, re.MULTILINE | re.DOTALL))
