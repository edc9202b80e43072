"""Rows for people: columns as wide as they have to be."""

from collections.abc import Iterable, Mapping, Sequence


def table(columns: Iterable[str], rows: Sequence[Mapping[str, str]]) -> str:
    """The column names, then a line for each row."""
    names = list(columns)
    widths = {name: max(len(name), *(len(row[name]) for row in rows), 0) for name in names}
    lines = [names, *([row[name] for name in names] for row in rows)]
    return "\n".join(
        "  ".join(v.ljust(widths[n]) for n, v in zip(names, line, strict=True)).rstrip()
        for line in lines
    )
