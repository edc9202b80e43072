"""The database's own clock: replicas' clocks differ, and leases need one that does not."""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class db_now(FunctionElement[int]):  # noqa: N801 - it is written like the SQL functions
    """Microseconds since 1970, UTC, at the moment of the statement."""

    type = BigInteger()
    inherit_cache = True


@compiles(db_now, "postgresql")
def _on_postgresql(_element: db_now, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(db_now, "sqlite")
def _on_sqlite(_element: db_now, _compiler: Any, **_options: Any) -> str:
    # unixepoch() knows parts of a second only since SQLite 3.42; a julian day has milliseconds.
    return "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"
