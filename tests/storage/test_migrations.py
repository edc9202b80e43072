"""A database that was migrated is the one that the tables describe, whenever it is opened."""

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from bot.errors import ConfigError
from storage import migrations
from storage.engines.opening import open_database
from storage.engines.sqlite import writer_engine
from storage.metadata import metadata
from storage.migrations import HEAD


@pytest.fixture
async def migrated(tmp_path):
    database = await open_database(f"sqlite:///{tmp_path}/migrated.db")
    await database.close()
    return tmp_path / "migrated.db"


@pytest.fixture
def engine(migrated):
    opened = writer_engine(migrated)
    yield opened
    opened.dispose()


def test_the_migrated_schema_is_the_described_one(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_that_is_looked_for():
    """A database that has `HEAD` is taken as it is: nothing may come after it."""
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head() == HEAD


def test_indexes_keys_and_checks_are_the_described_ones_to_the_letter(engine, tmp_path):
    """What alembic does not compare: the conditions of indexes, foreign keys and checks."""
    described = writer_engine(tmp_path / "described.db")
    with described.begin() as connection:
        metadata.create_all(connection)

    def facts(of):
        inspector, found = inspect(of), {}
        for table in inspector.get_table_names():
            if table == "alembic_version":
                continue
            checks = {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table)}
            unique = {tuple(u["column_names"]) for u in inspector.get_unique_constraints(table)}
            foreign = {
                (*k["constrained_columns"], k["referred_table"], *k["referred_columns"])
                for k in inspector.get_foreign_keys(table)
            }
            primary = inspector.get_pk_constraint(table)["constrained_columns"]
            columns = {
                c["name"]: (str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            }
            found[table] = (columns, primary, checks, unique, foreign)
        with of.connect() as connection:
            sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            rows = connection.exec_driver_sql(sql).all()
        return found, {name: re.sub(r"\s+", " ", text) for name, text in rows}

    assert facts(engine) == facts(described)
    described.dispose()


async def test_opening_twice_is_fine_and_keeps_what_is_there(storage, new, database, database_url):
    accepted = await storage.accept(new(), [], new().created_at)
    again = await open_database(database_url)
    await again.close()
    assert await storage.job("job1") == accepted


async def test_a_folder_that_is_not_there_is_made(tmp_path):
    database = await open_database(f"sqlite:///{tmp_path}/deep/down/dailies.db")
    await database.close()
    assert (tmp_path / "deep/down/dailies.db").is_file()


async def test_a_half_migrated_database_is_not_left_behind(tmp_path):
    """All of the migrations are one transaction."""
    path = tmp_path / "taken.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE ledger (x)")
    connection.close()
    with pytest.raises(Exception, match="already exists"):
        await open_database(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert tables == {"ledger"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://dailies:hunter2@db/dailies",
        "mysql://root:hunter2@db/dailies",
        "sqlite://",
        "sqlite:///:memory:",
        "data/dailies.db",
        "",
    ],
)
async def test_an_address_that_cannot_be_used_is_a_clear_error(url):
    with pytest.raises(ConfigError) as error:
        await open_database(url)
    text = str(error.value)
    assert "storage.url" in text
    assert "sqlite:///path/to/dailies.db" in text
    assert "hunter2" not in text
