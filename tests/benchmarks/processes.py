"""A bot as its operator starts it: a fresh interpreter, the playground, and Runway's stand-in."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import psutil

from tests.scenario.processes import ROOT, bot_environment

START_SECONDS = 60.0


class FreshBot:
    """`dailies run` in a process of its own; `seconds` is how long it took to be ready."""

    def __init__(self, runway_url: str, folder: Path) -> None:
        port = _free_port()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(ROOT),
            **bot_environment(runway_url, folder, DAILIES_WEB__PORT=str(port)),
            "DAILIES_RUNWAY__POLL_SECONDS": "5",
            "DAILIES_LOG__LEVEL": "warning",
        }
        self._ready = f"http://127.0.0.1:{port}/readyz"
        self._folder = folder
        self.seconds = 0.0

    async def __aenter__(self) -> Self:
        began = time.perf_counter()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=self._environment, cwd=self._folder
        )
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while not await self._answers(session):
                assert self._process.returncode is None, "it ended first"
                await asyncio.sleep(0.01)
        self.seconds = time.perf_counter() - began
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        await self._process.wait()

    @property
    def usage(self) -> psutil.Process:
        return psutil.Process(self._process.pid)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(self._ready) as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


def _free_port() -> int:
    """One that nobody has: whoever is asked whether it is ready cannot tell its own first."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
