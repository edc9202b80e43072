"""`dailies` processes without the wait: forked from one that has loaded everything (`tests.cradle`)."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a platform loads beside the rest, by the variable that switches it on.
PLATFORMS = {
    "SLACK_BOT_TOKEN": "adapters.slack.platform",
    "DISCORD_TOKEN": "adapters.discord.platform",
}


class Child:
    """A process as asyncio has it; `returncode` is known once it was waited for."""

    def __init__(self, pid: int, ended: "Future[int]", stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: signal.Signals) -> None:
        if not self._ended.done():
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """The exit code, minus the signal's number when a signal ended it."""
        return await asyncio.wrap_future(self._ended)


async def born(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, size: int = 2**20
) -> Child:
    """Start `dailies` with these arguments; `size` is the longest line it may say, in bytes."""
    read, write = os.pipe()
    try:
        whole = {**_plain_environment(), **environment}
        pid, ended = await asyncio.to_thread(_nursery().bear, arguments, whole, folder, write)
    finally:
        os.close(write)
    stdout = asyncio.StreamReader(size)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(read, "rb", buffering=0)
    )
    return Child(pid, ended, stdout)


class _Nursery:
    """One forking process for all that this one starts."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._cradle = subprocess.Popen(
                [sys.executable, "-m", "tests.cradle", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_plain_environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
            )
        self._one_at_a_time = threading.Lock()
        self._born: list[Future[tuple[int, Future[int]]]] = []
        self._ended: dict[int, Future[int]] = {}
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()
        atexit.register(self.close)

    def bear(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: int
    ) -> "tuple[int, Future[int]]":
        load = [module for name, module in PLATFORMS.items() if environment.get(name)]
        request = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder),
            "load": load,
        }
        with self._one_at_a_time:
            answer: Future[tuple[int, Future[int]]] = Future()
            self._born.append(answer)
            socket.send_fds(self._socket, [json.dumps(request).encode()], [output])
            return answer.result()

    def close(self) -> None:
        """End it, and whatever of its children still lives."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._cradle.wait()
        self._socket.close()

    def _listen(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    self._hear(json.loads(line))
        finally:
            for answer in self._born:
                answer.set_exception(ChildProcessError("the forking process has ended"))

    def _hear(self, said: dict[str, int]) -> None:
        if "born" in said:
            self._ended[said["born"]] = Future()
            self._born.pop(0).set_result((said["born"], self._ended[said["born"]]))
        else:
            self._ended.pop(said["ended"]).set_result(said["code"])


@cache
def _nursery() -> _Nursery:
    return _Nursery()


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
