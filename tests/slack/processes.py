"""The bot as a real process, killed by its id."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.launching import Child, launch
from tests.slack.methods import APP_TOKEN, BOT_TOKEN, SECRET

ROOT = Path(__file__).resolve().parents[2]
KEY = "key_" + "5ec4e7" * 21 + "ab"
# Generous: a busy machine must not look like a bug.
START_SECONDS = 40.0


class Process:
    """A child of `bot.cli`, read line by line while it lives."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.lines: list[str] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def launch(
        cls, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> Self:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        plain = {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
        return cls(await launch(arguments, {**plain, **environment}, folder))

    async def line(self, of: Callable[[str], str | None]) -> str:
        """What `of` makes of the first line that means something to it."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                for text in self.lines:
                    if (found := of(text)) is not None:
                        return found
                assert not self._reader.done(), "it ended first:\n" + self.output
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """SIGKILL, to this very process."""
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        try:
            async with asyncio.timeout(START_SECONDS):
                code = await self.child.wait()
                await self._reader
        except TimeoutError:
            raise AssertionError("it did not end:\n" + self.output) from None
        return code

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    async def _read(self) -> None:
        assert self.child.stdout is not None
        async for line in self.child.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())


class Bot(Process):
    """`dailies run`, with no platform but Slack."""

    url = ""

    @classmethod
    async def start(cls, folder: Path, environment: Mapping[str, str]) -> "Bot":
        """Start it and, unless a failpoint is set, wait until it is ready."""
        bot = await cls.launch(["run"], {k: v for k, v in environment.items() if v}, folder)
        if "DAILIES_FAILPOINT" in environment:
            return bot
        return await bot.ready()

    async def ready(self) -> Self:
        self.url = await self.line(_ready_url)
        return self


def environment_of(folder: Path, runway: str, slack: str) -> dict[str, str]:
    """Slack's tokens and a Runway key, and where all of it is on this machine."""
    return {
        "RUNWAYML_API_SECRET": KEY,
        "DAILIES_RUNWAY__BASE_URL": runway,
        "DAILIES_RUNWAY__POLL_SECONDS": "0.2",
        "DAILIES_WEB__PORT": "0",
        "DAILIES_STORAGE__URL": f"sqlite:///{folder / 'dailies.db'}",
        "DAILIES_ARCHIVE__URL": str(folder / "archive"),
        "DAILIES_LOG__FORMAT": "json",
        "DAILIES_SLACK__API_BASE": f"{slack}/api/",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
    }


def _ready_url(line: str) -> str | None:
    return str(json.loads(line)["url"]) if '"event": "ready"' in line else None
