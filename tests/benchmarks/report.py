"""The rows as a table for people and as JSON for machines."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.row import Row

HEAD = ("what", "Dailies", "target", "", "SDK", "ratio", "floor", "ratio")


def table(rows: Sequence[Row]) -> str:
    """Columns under their heads, as wide as what stands in them."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def write(file: Path, rows: Sequence[Row], *, whole: bool) -> None:
    """Write the report; rows that were not measured this time keep what they were, unless all were."""
    kept = (
        {} if whole or not file.exists() else {r["name"]: r for r in json.loads(file.read_text())}
    )
    for row in rows:
        kept[row.name] = {
            "name": row.name, "value": row.value, "unit": row.unit, "target": row.target,
            "holds": row.holds, "sdk": row.sdk, "floor": row.floor,
        }  # fmt: skip
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(list(kept.values()), indent=2) + "\n")


def number(value: float) -> str:
    """Three digits that count, without powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{number(row.value)} {row.unit}",
        f"{'≤' if row.most else '≥'} {number(row.target)}",
        "holds" if row.holds else "MISSED",
        *_beside(row.value, row.sdk),
        *_beside(row.value, row.floor),
    )


def _beside(value: float, other: float | None) -> tuple[str, str]:
    """What another one needs, and how much of that we do."""
    return ("–", "") if not other else (number(other), f"{value / other:.2f} ×")
