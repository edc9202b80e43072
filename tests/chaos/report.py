"""What came out: a table for people, and a file for checks."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.proof import Verdict
from tests.chaos.scene import Plan

COUNTS = ("lost", "created_twice", "posted_twice", "unaccounted_credits")


@dataclass(frozen=True)
class Outcome:
    """One scene's plan, what was done in it, and what the books said."""

    plan: Plan
    verdict: Verdict
    faults: Counter[str]
    seconds: float
    takeovers: int
    p50: float | None
    p95: float | None

    @property
    def runs(self) -> int:
        return sum(self.faults.values())


def table(outcomes: Sequence[Outcome]) -> str:
    heads = ("scene", "runs", "jobs", *(c.replace("_", " ") for c in COUNTS), "uncertain", "min")
    rows = [
        (
            *(outcome.plan.name, outcome.runs, outcome.verdict.jobs),
            *(getattr(outcome.verdict, count) for count in COUNTS),
            *(outcome.verdict.uncertain, f"{outcome.seconds / 60:.1f}"),
        )
        for outcome in outcomes
    ]
    kinds = sorted({kind for outcome in outcomes for kind in outcome.faults})
    counts = [(kind, *(outcome.faults[kind] for outcome in outcomes)) for kind in kinds]
    taken = [
        f"{o.plan.name}: {o.takeovers} takeovers, p50 {o.p50} and p95 {o.p95} leases"
        for o in outcomes
        if o.takeovers
    ]
    broken = [f"{o.plan.name}: {text}" for o in outcomes for text in o.verdict.broken]
    return "\n\n".join(
        part
        for part in (
            _grid([heads, *rows]),
            _grid([("kills and faults", *(o.plan.name for o in outcomes)), *counts]),
            "\n".join(taken),
            "\n".join(broken),
        )
        if part
    )


def write(path: Path, seed: int, outcomes: Sequence[Outcome]) -> None:
    """The sums over all scenes, and each scene by itself."""
    document: dict[str, Any] = {"seed": seed, "runs": sum(o.runs for o in outcomes)}
    for count in COUNTS:
        document[count] = sum(getattr(o.verdict, count) for o in outcomes)
    document["broken"] = sum(len(o.verdict.broken) for o in outcomes)
    document["jobs"] = sum(o.verdict.jobs for o in outcomes)
    document["uncertain"] = sum(o.verdict.uncertain for o in outcomes)
    document["scenes"] = [
        {
            "name": outcome.plan.name,
            "runs": outcome.runs,
            "jobs": outcome.verdict.jobs,
            **{count: getattr(outcome.verdict, count) for count in COUNTS},
            "uncertain": outcome.verdict.uncertain,
            "faults": dict(sorted(outcome.faults.items())),
            "takeovers": outcome.takeovers,
            "takeover_leases": {"p50": outcome.p50, "p95": outcome.p95},
            "seconds": round(outcome.seconds, 1),
        }
        for outcome in outcomes
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def _grid(rows: Sequence[Sequence[object]]) -> str:
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in texts
    )
