"""A look at the database behind the back of everything that is tested, on either engine."""

import itertools
import re
import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import make_url

from tests.postgres import apart, connect

Row = tuple[Any, ...]


def ask(url: str, query: str, *values: object) -> list[Row]:
    """The rows of a query whose values are written as `?`; also from within an event loop."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(address.database or "")) as connection:
            return connection.execute(query, values).fetchall()
    return apart(_ask(url, query, values))


async def _ask(url: str, query: str, values: tuple[object, ...]) -> list[Row]:
    numbers = itertools.count(1)
    connection = await connect(url)
    try:
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", query)
        return [tuple(row) for row in await connection.fetch(numbered, *values)]
    finally:
        await connection.close()
