"""`make bench`: measures this product beside the official SDK and beside plain floors.

Each group of rows runs in a process of its own, one after the other; names narrow it down:
`python -m tests.benchmarks polls accepting`, or `make bench ROWS="polls accepting"`.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.chart import draw
from tests.benchmarks.machine import described
from tests.benchmarks.report import table, write
from tests.benchmarks.row import Row
from tests.scenario.processes import ROOT

GROUPS = sorted(path.stem for path in (Path(__file__).parent / "rows").glob("[a-z]*.py"))
REPORT = ROOT / "build" / "bench.json"
CHART = ROOT / "docs" / "images" / "performance.svg"


def main() -> int:
    groups = sys.argv[1:] or GROUPS
    if unknown := set(groups) - set(GROUPS):
        print(f"No group {', '.join(sorted(unknown))}; there are: {', '.join(GROUPS)}.")
        return 2
    print(described())
    began = time.monotonic()
    rows: list[Row] = []
    failed: list[str] = []
    for group in groups:
        print(f"{group}…", flush=True)
        try:
            rows += measured(group)
        except subprocess.CalledProcessError:
            failed.append(group)  # it has said why
    print(table(rows))
    print(f"\n{time.monotonic() - began:.0f} s; written to {REPORT.relative_to(ROOT)}")
    is_whole = groups == GROUPS and not failed
    write(REPORT, rows, whole=is_whole)
    if is_whole:
        CHART.write_text(draw(rows))
    if failed:
        print(f"Not measured: {', '.join(failed)}.")
    return 0 if all(row.holds for row in rows) and not failed else 1


def measured(group: str) -> list[Row]:
    """The rows of a group; what it prints is shown."""
    with TemporaryDirectory(prefix="dailies-bench-") as folder:
        file = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "tests.benchmarks.run", group, str(file)]
        subprocess.run(command, cwd=ROOT, check=True)
        return [Row(**row) for row in json.loads(file.read_text())]


if __name__ == "__main__":
    sys.exit(main())
