"""The wall clock of a real process, for tests that set it: by the seconds in a file, at any time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import SystemClock

# Names the file in the environment of a process that `tests.zygote` starts.
VARIABLE = "TESTS_CLOCK"


class Wall(SystemClock):
    """The real clock, off by what the file says at the moment; without one it is right."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        try:
            off = float(self._path.read_text())
        except FileNotFoundError:
            off = 0.0
        return datetime.now(UTC) + timedelta(seconds=off)


def hang(path: Path) -> None:
    """From now on every clock of this process goes by the file."""
    clock = Wall(path)
    SystemClock.now = lambda _self: clock.now()  # type: ignore[method-assign]
