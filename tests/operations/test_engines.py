"""What a shell does with a database works on SQLite and on PostgreSQL."""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.functions import count

from bot.commandline.checking import look_at
from bot.config import StorageConfig
from bot.errors import ConfigError, StorageUnavailable
from bot.probes.findings import Verdict
from storage.engines.opening import database_path, open_database
from storage.migrations import revisions
from storage.orders import SqlOrders
from storage.schema import jobs, ledger, secrets
from storage.storage import SqlStorage
from tests.postgres import connect, programs
from tests.storage.release_data import DEFAULTS, make_jobs

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
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


async def test_a_result_that_was_sent_on_is_told_from_those_that_wait(run, url):
    """It stays undeliverable, as which it was settled; posting it once more would post it twice."""
    database = await open_database(url)
    storage = SqlStorage(database, DEFAULTS)
    await make_jobs(storage)
    listed = ("jobs", "list", "--state", "undeliverable", "--days", "36000", "--json")
    assert [job["posted"] for job in json.loads((await run(*listed))[1])] == ["no"]
    await storage.note("job-undeliverable", result="message")
    assert [job["posted"] for job in json.loads((await run(*listed))[1])] == ["yes"]
    await database.close()


async def test_a_copy_is_made_with_the_engines_own_means_and_can_be_gone_back_to(
    run, url, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(programs()), prepend=os.pathsep)
    database = await open_database(url)
    await make_jobs(SqlStorage(database, DEFAULTS))
    before = await database.read(_rows)
    assert min(before[:2]) > 0
    copy = tmp_path / "copy"
    code, text = await run("backup", str(copy))
    assert (code, "It holds tokens: keep it safe." in text) == (0, True)
    assert copy.stat().st_mode & 0o077 == 0
    await database.write(lambda c: c.execute(delete(ledger)).rowcount)
    await database.write(lambda c: c.execute(insert(secrets).values(name="later", value="y")))
    await database.close()
    await asyncio.to_thread(_go_back_to, copy, url)
    database = await open_database(url)
    assert await database.read(_rows) == before
    await database.close()
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy"]


def _rows(c):
    return [
        c.execute(select(count()).select_from(table)).scalar_one()
        for table in (jobs, ledger, secrets)
    ]


def _go_back_to(copy, url):
    """As docs/operations.md says it."""
    if url.startswith("sqlite"):
        shutil.copy(copy, database_path(url))
        return
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    (line,) = re.findall(r"^pg_restore .*", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    *how, _, _ = shlex.split(line)
    subprocess.run([*how, f"--dbname={address}", copy], check=True)


async def test_why_a_copy_could_not_be_made_is_said(run, url, tmp_path, monkeypatch):
    if url.startswith("sqlite"):
        return  # tests/operations/test_database.py
    monkeypatch.setenv("PATH", str(programs()), prepend=os.pathsep)
    wrong = make_url(url).set(database="nobody", password="hush-hush")
    monkeypatch.setenv("DAILIES_STORAGE__URL", wrong.render_as_string(hide_password=False))
    with pytest.raises(ConfigError, match='database "nobody" does not exist') as error:
        await run("backup", str(tmp_path / "copy"))
    assert "hush" not in str(error.value)
    assert list(tmp_path.glob("copy*")) == []


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


@pytest.fixture
async def empty(postgres):
    """A database of PostgreSQL's in which there is nothing: the name was mistyped, perhaps."""
    name = f"empty_{os.getpid()}"
    await postgres.run(f'CREATE DATABASE "{name}"')
    yield postgres.url.set(database=name).render_as_string(hide_password=False)
    await postgres.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("words", [("jobs", "list"), ("quota", "show")])
async def test_a_look_into_an_empty_database_makes_no_tables(run, empty, words, monkeypatch):
    monkeypatch.setenv("DAILIES_STORAGE__URL", empty)
    with pytest.raises(ConfigError, match=r"There is no database at postgresql.*/empty_"):
        await run(*words)
    connection = await connect(empty)
    tables = await connection.fetch("SELECT FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert tables == []


async def test_a_name_that_the_server_does_not_know_is_told(url, settings):
    if url.startswith("sqlite"):
        return  # every name is a new file
    wrong = make_url(url).set(database="nobody").render_as_string(hide_password=False)
    with pytest.raises(StorageUnavailable, match='database "nobody" does not exist'):
        await open_database(wrong)
    (found,) = await look_at(settings(NOWHERE, storage=StorageConfig(url=wrong)), ["database"])
    assert found.verdict is Verdict.FAILED
    assert 'database "nobody" does not exist' in found.text
