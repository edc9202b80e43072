"""What is printed: for people, with columns as wide as they have to be, and for machines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a line has to say: to people, and with `--json` to machines."""

    text: str
    facts: Any

    def said(self, *, as_json: bool) -> str:
        return json.dumps(self.facts, indent=2, default=str) if as_json else self.text


def table(columns: Iterable[str], rows: Sequence[Mapping[str, str | int]]) -> str:
    """The column names, then a line for each row."""
    names = list(columns)
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows), 0) for name in names}
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    return "\n".join(
        "  ".join(v.ljust(widths[n]) for n, v in zip(names, line, strict=True)).rstrip()
        for line in lines
    )
