"""Accepted commands per second: a job with its hold, on the disk when the answer comes."""

from tests.benchmarks.accepting import on_postgres, on_sqlite, plainly
from tests.benchmarks.row import Row


async def measure() -> list[Row]:
    floor = await plainly()
    return [
        Row("accepted commands, SQLite", await on_sqlite(), "/s", 1000, most=False, floor=floor),
        Row(
            "accepted commands, PostgreSQL", await on_postgres(), "/s", 600, most=False, floor=floor
        ),
    ]
