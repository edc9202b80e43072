"""What is asked all day, with a thousand and with a million old jobs: how much slower it becomes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from storage.engines.opening import open_database
from tests.benchmarks.history import slower
from tests.benchmarks.row import Row
from tests.postgres import running_server

MANY = 1_000_000


async def measure() -> list[Row]:
    rows = _rows("SQLite", await _on_sqlite())
    return [*rows, *_rows("PostgreSQL", await _on_postgres())]


def _rows(engine: str, times: dict[str, float]) -> list[Row]:
    return [
        Row(f"{name}, {MANY:,} jobs, {engine}", value, "× with 1,000", 1.2)
        for name, value in times.items()
    ]


async def _on_sqlite() -> dict[str, float]:
    with TemporaryDirectory(prefix="dailies-bench-") as name:
        urls = [f"sqlite:///{Path(name) / size}.db" for size in ("few", "many")]
        for url in urls:
            await (await open_database(url)).close()
        return await slower(*urls, MANY)


async def _on_postgres() -> dict[str, float]:
    with running_server() as server:
        return await slower(await server.database(), await server.database(), MANY)
