"""A guard, as the table of them names it, and where the tests are that miss one."""

from dataclasses import dataclass

LIFE = "tests/storage/test_life.py::test_"
REPLICAS = "tests/storage/test_replicas.py::test_"
OPENINGS = "tests/storage/test_openings.py::test_"
SHARES = "tests/storage/test_shares.py::test_"
ACCEPT = "tests/storage/test_accept.py::test_"
TOGETHER = "tests/storage/test_accept_together.py::test_"
LEASES = "tests/scenario/test_leases.py::test_"
RACES = "tests/scenario/test_races.py::test_"
BACK = "tests/scenario/test_taking_back.py::test_"
TABLES = "storage/migrations/versions/0001_first_tables.py"


@dataclass(frozen=True)
class Guard:
    """A text that is once in a file, what stands there without the guard, and who must notice."""

    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.text.split())[:70]}"


def guard(file: str, text: str, instead: str, *tests: str) -> Guard:
    return Guard(file, text, instead, tests)
