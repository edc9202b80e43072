"""Real processes of ours: started, listened to, killed by their id, and always cleaned up."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from tests.launching import Child, launch
from tests.quick import ROUGH

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
KEY = "key_" + "5ec4e7" * 21 + "ab"
# Generous: a busy machine must not look like a bug.
START_SECONDS = 60.0
END_SECONDS = 40.0


@dataclass
class Process:
    """A child whose output is read line by line while it lives; `lines` is all of it so far."""

    child: Child | asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _said: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> Self:
        return cls.of(await launch(arguments, {**_plain_environment(), **environment}, folder))

    @classmethod
    def of(cls, child: Child | asyncio.subprocess.Process) -> Self:
        """One that was started already."""
        process = cls(child)
        process._reader = asyncio.create_task(process._read())
        return process

    async def line(self, of: Callable[[str], T | None], within: float = START_SECONDS) -> T:
        """What `of` makes of the first line that means something to it; fails at the end."""
        seen = 0
        async with asyncio.timeout(within), self._said:
            while True:
                for text in self.lines[seen:]:
                    if (found := of(text)) is not None:
                        return found
                seen = len(self.lines)
                if self._reader is None or self._reader.done():
                    raise AssertionError("it ended first:\n" + self.output)
                await self._said.wait()

    async def exited(self, within: float = END_SECONDS) -> int:
        """The exit code, minus the signal's number when a signal ended it."""
        async with asyncio.timeout(within):
            code = await self.child.wait()
            if self._reader is not None:
                await self._reader
        return code

    async def kill(self) -> None:
        """SIGKILL, to this very process."""
        self.signal(signal.SIGKILL)
        await self.exited()

    async def end(self) -> None:
        """SIGTERM; it must come to its own end, with exit code 0."""
        self.signal(signal.SIGTERM)
        code = await self.exited()
        assert code == 0, f"exit code {code}:\n{self.output}"

    def signal(self, number: signal.Signals) -> None:
        if self.child.returncode is None:
            self.child.send_signal(number)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it stand still (SIGSTOP); what is sent to it meanwhile waits in its sockets."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    async def _read(self) -> None:
        assert self.child.stdout is not None
        async for line in self.child.stdout:
            async with self._said:
                self.lines.append(line.decode(errors="replace").rstrip())
                self._said.notify_all()
        async with self._said:
            self._reader = None
            self._said.notify_all()


class Simulator(Process):
    """The stand-in for Runway, as a process of its own; `url` is where it listens."""

    url = ""

    async def ready(self) -> Self:
        self.url = await self.line(_simulator_url)
        return self


class Bot(Process):
    """`dailies run` with the playground; `url` is the page's address."""

    url = ""

    async def ready(self) -> Self:
        self.url = await self.line(_ready_url)
        return self


def simulator_arguments(folder: Path, **options: object) -> list[str]:
    """`simulator_arguments(path, image_seconds=0.3)`: a quick one on any free port."""
    quick = {"image_seconds": 0.4, "video_seconds": 0.6, "upscale_seconds": 0.4}
    usual = {"queue_seconds": 0.1, "jitter": 0, "seed": 7, **ROUGH}
    given = {**usual, **quick, **options}
    flags = [part for name, value in given.items() for part in (_flag(name), str(value))]
    return ["simulator", "--port", "0", "--state-dir", str(folder), *flags]


def bot_environment(runway_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What `dailies run` needs; `more` adds to it or overrides."""
    return {
        "RUNWAYML_API_SECRET": KEY,
        "DAILIES_PLAYGROUND__ENABLED": "true",
        "DAILIES_RUNWAY__BASE_URL": runway_url,
        "DAILIES_RUNWAY__POLL_SECONDS": "0.2",
        "DAILIES_WEB__PORT": "0",
        "DAILIES_STORAGE__URL": f"sqlite:///{folder / 'dailies.db'}",
        "DAILIES_ARCHIVE__URL": str(folder / "archive"),
        "DAILIES_LOG__FORMAT": "json",
        **more,
    }


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _simulator_url(line: str) -> str | None:
    return line.rpartition(" ")[2] if "listens on http://" in line else None


def _ready_url(line: str) -> str | None:
    if '"event": "ready"' not in line:
        return None
    return str(json.loads(line)["url"])
