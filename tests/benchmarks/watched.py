"""`python -m tests.benchmarks.watched FILE run`: `dailies run`, with its loop's longest round in a file.

Between two looks at what has happened nobody else is served. What the thread spent waiting for a
processor is left out where Linux tells it: that is the machine's doing.
"""

import asyncio
import mmap
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bot.cli import main
from tests.benchmarks.loop_lag import Timing
from tests.scenario.processes import ROOT, Bot

SECONDS = struct.Struct("d")


class Longest:
    """The seconds of the longest round, in a file that two processes share."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), SECONDS.size)

    @property
    def seconds(self) -> float:
        found: float = SECONDS.unpack(self._shared[:])[0]
        return found

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._shared[:] = SECONDS.pack(value)


class Kept(Timing):
    """Notes the longest round where others can read it, and forget it."""

    def __init__(self, longest: Longest) -> None:
        super().__init__()
        self._kept = longest

    def ended(self, seconds: float) -> None:
        if seconds > self._kept.seconds:
            self._kept.seconds = seconds


class Watched(asyncio.DefaultEventLoopPolicy):
    """Every loop of this process is watched."""

    def __init__(self, longest: Longest) -> None:
        super().__init__()
        self._longest = longest

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(Kept(self._longest))


class WatchedBot(Bot):
    """A bot whose `longest` can be read and set back."""

    longest: Longest

    @classmethod
    async def start(
        cls, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> Self:
        file = folder / "longest"
        longest = Longest(file)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.watched", str(file), *arguments),
            env={**environment, "PYTHONPATH": str(ROOT)},
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        bot = cls.of(child)
        bot.longest = longest
        return bot


if __name__ == "__main__":
    asyncio.set_event_loop_policy(Watched(Longest(Path(sys.argv.pop(1)))))
    main()
