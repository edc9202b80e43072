"""What tests of every folder may ask for: databases on both engines."""

import gc
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import URL

from storage.engines.opening import open_database
from tests.postgres import Server, apart, running_server

ENGINES = ("sqlite", "postgresql")
# Nothing that is loaded at the start is garbage: to look for some takes a third of that time.
gc.disable()


def pytest_xdist_auto_num_workers() -> int:
    """As many workers as `-n auto` means: a test waits for two thirds of its time."""
    return 3 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """Whatever is loaded by now stays: to look through it for garbage again and again is for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """No test writes to the standard error of another, which is closed by then."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with today's tables, to be copied: quicker than to migrate each time."""
    path = tmp_path_factory.mktemp("migrated") / "dailies.db"
    apart(_migrate(path))
    return path


async def _migrate(path: Path) -> None:
    await (await open_database(f"sqlite:///{path}")).close()


@pytest.fixture
def known_folder(migrated_file: Path, tmp_path: Path) -> Path:
    """The test's folder as a bot leaves it that was started there: its database has the tables."""
    shutil.copy(migrated_file, tmp_path / "dailies.db")
    return tmp_path


@pytest.fixture
def migrated_copy(migrated_file: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes SQLite databases with today's tables: `migrated_copy()` is an address."""
    numbers = itertools.count()

    def copy() -> str:
        path = shutil.copy(migrated_file, tmp_path / f"dailies{next(numbers)}.db")
        return f"sqlite:///{path}"

    return copy


@pytest.fixture(params=ENGINES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database, once on each engine."""
    if request.param == "sqlite":
        # A folder with letters that addresses are sensitive to.
        path = tmp_path / "a b%20#1?" / "dailies.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield URL.create("sqlite", database=str(path)).render_as_string()
        return
    server: Server = request.getfixturevalue("postgres")
    url = await server.database()
    yield url
    await server.give_back(url)
