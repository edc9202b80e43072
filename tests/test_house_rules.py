"""Rules of the house that no linter knows."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_LINES = 300


def test_no_source_file_is_longer_than_the_house_allows() -> None:
    sources = [
        p for top in ("bot", "adapters", "storage", "tests") for p in (ROOT / top).rglob("*.py")
    ]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources}
    assert sources
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}
