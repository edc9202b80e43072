"""`dailies migrate` and `dailies backup`."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import insert

from bot.errors import ConfigError
from storage import migrations
from storage.engines.backup import back_up
from storage.engines.lock import only_process
from storage.engines.opening import open_database
from storage.engines.sqlite import writer_engine
from storage.migrations import revisions
from storage.schema import secrets
from tests.operations.conftest import KEY


@pytest.fixture
def url(tmp_path, monkeypatch):
    address = f"sqlite:///{tmp_path}/data/dailies.db"
    monkeypatch.setenv("DAILIES_STORAGE__URL", address)
    return address


async def test_migrating_brings_a_new_database_to_todays_tables_once(run, url):
    code, text = await run("migrate", "--check")
    assert (code, text) == (1, f"Missing: {', '.join(revisions())}.")
    assert await run("migrate") == (0, f"Done: {', '.join(revisions())}.")
    assert await run("migrate") == (
        0,
        f"Nothing to do: the tables are today's ({revisions()[-1]}).",
    )
    assert (await run("migrate", "--check"))[0] == 0


async def test_a_database_is_not_migrated_under_a_running_bot(run, url):
    lock = only_process(url)
    try:
        with pytest.raises(ConfigError, match="Another Dailies is running"):
            await run("migrate")
    finally:
        lock.close()


@pytest.mark.parametrize(
    "words", [("migrate",), ("migrate", "--check"), ("jobs", "list"), ("quota", "show"), ("run",)]
)
async def test_a_database_from_tomorrow_is_left_alone(run, url, monkeypatch, words):
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    monkeypatch.setenv("DAILIES_PLAYGROUND__ENABLED", "true")
    database = await open_database(url)
    await database.write(
        lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'").rowcount
    )
    await database.close()
    with pytest.raises(ConfigError, match=r"newer Dailies \(9999\)"):
        await run(*words)


LOOKS = [
    ("jobs", "list"), ("quota", "show"),
    ("quota", "--workspace", "playground:local", "grant", "ben", "5"),
]  # fmt: skip


@pytest.mark.parametrize("words", LOOKS)
async def test_a_database_of_an_older_version_is_migrated_by_nothing_else(
    run, url, words, tmp_path
):
    """Another version's bot may run on it."""
    (tmp_path / "data").mkdir()
    engine, config = writer_engine(tmp_path / "data" / "dailies.db"), migrations._config()
    with engine.begin() as config.attributes["connection"]:
        command.upgrade(config, revisions()[-2])
    engine.dispose()
    before = await run("migrate", "--check")
    assert before == (1, f"Missing: {revisions()[-1]}.")
    with pytest.raises(ConfigError, match=r"older Dailies \(.*run `dailies migrate`"):
        await run(*words)
    assert await run("migrate", "--check") == before
    await run("migrate")
    assert (await run(*words))[0] == 0


async def test_a_grant_may_come_before_the_first_start(run, url):
    assert (await run(*LOOKS[-1]))[0] == 0
    assert (await run("migrate", "--check"))[0] == 0


async def test_a_copy_taken_while_it_is_written_is_one_moment(run, url, tmp_path):
    """Two rows are always written together: a copy has both of a pair, or neither."""
    database = await open_database(url)
    done = asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            pair = [{"name": f"{number}-{half}", "value": "x"} for half in "ab"]
            await database.write(lambda c, pair=pair: c.execute(insert(secrets), pair).rowcount)

    writing = asyncio.create_task(write())
    copies = [tmp_path / f"copy{number}.db" for number in range(5)]
    for copy in copies:
        code, text = await run("backup", str(copy))
        assert code == 0
        assert "keep it safe" in text
    done.set()
    await writing
    await database.close()
    counts = []
    for copy in copies:
        assert copy.stat().st_mode & 0o077 == 0
        with closing(sqlite3.connect(copy)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM secrets").fetchone()
        counts.append(count)
        assert count % 2 == 0
    assert counts == sorted(counts)
    assert counts[-1] > 0
    assert [path.name for path in tmp_path.glob("copy*") if path not in copies] == []


async def test_a_copy_never_replaces_a_file(run, url, tmp_path):
    await (await open_database(url)).close()
    taken = tmp_path / "mine.txt"
    taken.write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        await run("backup", str(taken))
    assert taken.read_text() == "mine"


async def test_a_copy_that_cannot_be_written_leaves_nothing(run, url, tmp_path):
    with pytest.raises(ConfigError, match="there is no database"):
        await run("backup", str(tmp_path / "copy.db"))
    await (await open_database(url)).close()
    with pytest.raises(ConfigError, match="could not be written"):
        await run("backup", str(tmp_path / "none" / "copy.db"))
    assert not (tmp_path / "copy.db").exists()


def test_a_damaged_database_is_not_taken_for_a_good_copy(tmp_path):
    source = tmp_path / "damaged.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t (x UNIQUE)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"{n:0200}",) for n in range(500)])
        connection.commit()
    content = bytearray(source.read_bytes())
    content[4096 * 5 + 8 : 4096 * 5 + 10] = b"\x00\x00"  # where a page's first row begins
    source.write_bytes(content)
    for content in (source.read_bytes(), b"rubbish" * 1000):
        source.write_bytes(content)
        with pytest.raises(ConfigError, match=r"The database is damaged.*\(.*/damaged.db\)"):
            back_up(f"sqlite:///{source}", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.glob("copy*")] == []


async def test_without_postgresqls_own_program_it_is_named(run, monkeypatch, tmp_path):
    monkeypatch.setenv("DAILIES_STORAGE__URL", "postgresql+asyncpg://d@127.0.0.1:9/d")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pg_dump, which is not installed"):
        await run("backup", str(tmp_path / "copy.dump"))
    assert list(tmp_path.iterdir()) == []


async def test_a_database_is_for_its_owner_alone(url, tmp_path):
    """It holds tokens; what SQLite writes beside it does, too."""
    database = await open_database(url)
    await database.write(lambda c: c.execute(insert(secrets).values(name="x", value=b"y")))
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in (tmp_path / "data").iterdir()}
    await database.close()
    assert modes == dict.fromkeys(("dailies.db", "dailies.db-wal", "dailies.db-shm"), "0o600")
