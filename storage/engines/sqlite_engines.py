"""Engines of SQLite, with one connection each, that put a statement into words once for all.

An engine of SQLAlchemy's compiles every statement that it is asked for the first time. A database has
five of them, one that writes and four that read: what one has put into words, the others say as well.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import LRUCache

# Statements of ours, and their variants for so many rows; SQLAlchemy's own number for one engine.
_MOST_WORDS = 500

Configure = Callable[[Any, Any], None]


def engine_of(connect: Callable[[], Any], configure: Configure, begin: str) -> Engine:
    """An engine with the one connection that `connect` makes; transactions begin as we say."""
    language, words = _language()
    dialect = language.dialect
    engine = Engine(
        StaticPool(connect, dialect=dialect),
        dialect,
        language.url,
        hide_parameters=True,  # an error's text would quote a row, and with it a prompt
        execution_options={"compiled_cache": words},
    )
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", lambda c: c.exec_driver_sql(begin))
    return engine


@cache
def _language() -> tuple[Engine, LRUCache[Any, Any]]:
    """SQLite as this machine has it, and all that was ever said to it."""
    engine = create_engine("sqlite://")
    engine.connect().close()  # the first connection tells the dialect what this SQLite can do
    engine.dispose()
    return engine, LRUCache(_MOST_WORDS)
