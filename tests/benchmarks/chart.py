"""The rows as a picture: how much of its target each one uses up."""

from collections.abc import Sequence
from html import escape

from tests.benchmarks.report import number
from tests.benchmarks.row import Row

WIDTH, LINE, LEFT, RIGHT = 900, 26, 430, 90
MOST_SHOWN = 1.5


def draw(rows: Sequence[Row]) -> str:
    """An SVG with a bar for each row; the line across them is the target."""
    height = LINE * (len(rows) + 2)
    bars = "".join(_bar(line, row) for line, row in enumerate(rows, start=1))
    target = LEFT + (WIDTH - LEFT - RIGHT) / MOST_SHOWN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{target:.0f}" y="17" text-anchor="middle" fill="#555">target</text>\n{bars}'
        f'<line x1="{target:.0f}" x2="{target:.0f}" y1="22" y2="{height - LINE + 4}" '
        'stroke="#555" stroke-dasharray="4 3"/>\n</svg>\n'
    )


def _bar(line: int, row: Row) -> str:
    used = row.value / row.target if row.most else row.target / max(row.value, 1e-9)
    length = min(used, MOST_SHOWN) / MOST_SHOWN * (WIDTH - LEFT - RIGHT)
    colour = "#2f9e63" if row.holds else "#d6453d"
    y = LINE * line
    return (
        f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(row.name)}</text>'
        f'<rect x="{LEFT}" y="{y + 5}" width="{length:.1f}" height="16" rx="3" fill="{colour}"/>'
        f'<text x="{LEFT + length + 6:.1f}" y="{y + 17}" fill="#555">'
        f"{number(row.value)} {escape(row.unit)}</text>\n"
    )
