"""What a shell does with a database works on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import insert, make_url
from sqlalchemy.exc import DBAPIError

from bot.commandline.checking import look_at
from bot.config import StorageConfig
from bot.errors import ConfigError, StorageUnavailable
from bot.probes.findings import Verdict
from storage.engines import open_database
from storage.migrations import revisions
from storage.orders import SqlOrders
from storage.schema import secrets
from storage.storage import SqlStorage
from tests.storage.release_data import DEFAULTS, make_jobs

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def url(database_url, monkeypatch):
    monkeypatch.setenv("DAILIES_STORAGE__URL", database_url)
    return database_url


async def test_tables_are_looked_at_and_brought_to_today(run, url, settings):
    await run("migrate")
    assert await run("migrate", "--check") == (
        0,
        f"Nothing to do: the tables are today's ({revisions()[-1]}).",
    )
    (found,) = await look_at(settings(NOWHERE, storage=StorageConfig(url=url)), ["database"])
    assert found.verdict is Verdict.OK


async def test_jobs_are_listed_and_orders_noted(run, url):
    database = await open_database(url)
    await make_jobs(SqlStorage(database, DEFAULTS))
    code, text = await run("jobs", "list", "--state", "failed", "--days", "36000")
    assert (code, text.splitlines()[1].split()[:2]) == (0, ["job-failed", "failed"])
    assert (await run("jobs", "retry", "job-failed", "--wait", "0"))[0] == 3
    assert [order.job for order in await SqlOrders(database).unanswered()] == ["job-failed"]
    await database.close()


async def test_a_copy_is_made_with_the_engines_own_means(run, url, tmp_path):
    copy = tmp_path / "copy.db"
    if url.startswith("sqlite"):
        assert (await run("backup", str(copy)))[0] == 0
        return
    with pytest.raises(ConfigError, match="pg_dump"):
        await run("backup", str(copy))
    assert not copy.exists()


async def test_an_error_of_the_database_quotes_no_row(url):
    """Its text goes into the log with a traceback; a prompt must not go along.

    What PostgreSQL itself says of a row that breaks a rule is not ours to hide; prompts break none.
    """
    database = await open_database(url)
    row = {"name": "a secret fox", "value": None}
    for run in (database.write, database.read):
        with pytest.raises(DBAPIError) as error:
            await run(lambda c: c.execute(insert(secrets), row).rowcount)
        assert "parameters hidden" in str(error.value)
        said = str(error.value)
        if url.startswith("postgresql"):
            said = said.replace(str(error.value.orig), "")
        assert "secret fox" not in said
    await database.close()


async def test_a_name_that_the_server_does_not_know_is_told(url, settings):
    if url.startswith("sqlite"):
        return  # every name is a new file
    wrong = make_url(url).set(database="nobody").render_as_string(hide_password=False)
    with pytest.raises(StorageUnavailable, match='database "nobody" does not exist'):
        await open_database(wrong)
    (found,) = await look_at(settings(NOWHERE, storage=StorageConfig(url=wrong)), ["database"])
    assert found.verdict is Verdict.FAILED
    assert 'database "nobody" does not exist' in found.text
