"""What is asked all day, with a thousand and with a million old jobs: how much slower it becomes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from storage.engines import open_database
from tests.benchmarks.history import slower
from tests.benchmarks.row import Row
from tests.postgres import running_server

ON_SQLITE = 1_000_000
# It takes a server four times as long to write them.
ON_POSTGRES = 200_000


async def measure() -> list[Row]:
    rows = _rows(f"{ON_SQLITE:,} jobs, SQLite", await _on_sqlite())
    return [*rows, *_rows(f"{ON_POSTGRES:,} jobs, PostgreSQL", await _on_postgres())]


def _rows(of: str, times: dict[str, float]) -> list[Row]:
    return [Row(f"{name}, {of}", value, "× with 1,000", 1.2) for name, value in times.items()]


async def _on_sqlite() -> dict[str, float]:
    with TemporaryDirectory(prefix="dailies-bench-") as name:
        urls = [f"sqlite:///{Path(name) / size}.db" for size in ("few", "many")]
        for url in urls:
            await (await open_database(url)).close()
        return await slower(*urls, ON_SQLITE)


async def _on_postgres() -> dict[str, float]:
    with running_server() as server:
        return await slower(await server.database(), await server.database(), ON_POSTGRES)
