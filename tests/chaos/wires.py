"""The wires of a replica: to Runway, to its database where that has a server, and to its bucket."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url

from tests.archive.s3 import BUCKET, environment, s3_server
from tests.chaos.proxy import Connect, Proxy, to_port, to_socket
from tests.postgres import Server


@dataclass
class Wires:
    """`environment` leads a replica to the near ends of them."""

    runway: Proxy
    database: Proxy | None
    archive: Proxy | None
    environment: Mapping[str, str]

    def __iter__(self) -> Iterator[Proxy]:
        return filter(None, (self.runway, self.database, self.archive))


async def wired(runway: str, database: str, bucket: str | None) -> Wires:
    """New wires to these addresses; an archive that is no bucket is a folder."""
    runway_wire = Proxy(to_port(make_url(runway).port or 0))
    leads = {"DAILIES_RUNWAY__BASE_URL": f"http://127.0.0.1:{await runway_wire.start()}"}
    database_wire = archive_wire = None
    there = make_url(database)
    if there.get_backend_name() == "postgresql":
        database_wire = Proxy(_server_of(there))
        here = there.set(host="127.0.0.1", port=await database_wire.start(), query={})
        leads["DAILIES_STORAGE__URL"] = here.render_as_string(hide_password=False)
    if bucket is not None:
        archive_wire = Proxy(to_port(make_url(bucket).port or 0))
        leads |= environment(f"http://127.0.0.1:{await archive_wire.start()}")
        leads["DAILIES_ARCHIVE__URL"] = f"s3://{BUCKET}/dailies"
    return Wires(runway_wire, database_wire, archive_wire, leads)


async def database_for(
    engine: str, folder: Path, postgres: Server | None, stack: AsyncExitStack
) -> str:
    """The address of an empty one, which goes with the stack."""
    if engine == "sqlite":
        return f"sqlite:///{folder / 'dailies.db'}"
    assert postgres is not None
    url = await postgres.database()
    stack.push_async_callback(postgres.give_back, url)
    return url


async def bucket_for(stack: AsyncExitStack) -> str:
    """The address of a server with an empty bucket, which goes with the stack."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    server = s3_server()
    address = await asyncio.to_thread(server.__enter__)
    stack.push_async_callback(asyncio.to_thread, server.__exit__, None, None, None)
    return address


def _server_of(database: URL) -> Connect:
    """Where the server listens: in a folder on this machine, or at a port."""
    host = str(database.query.get("host") or database.host or "127.0.0.1")
    port = database.port or 5432
    if host.startswith("/"):
        return to_socket(f"{host}/.s.PGSQL.{port}")
    return lambda: asyncio.open_connection(host, port)
