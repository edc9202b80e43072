"""Measures one group of rows in a process of its own: `python -m tests.benchmarks.run GROUP FILE`."""

import asyncio
import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tests.benchmarks.row import Row


def main() -> None:
    group, file = sys.argv[1:]
    rows: list[Row] = asyncio.run(import_module(f"tests.benchmarks.rows.{group}").measure())
    Path(file).write_text(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
