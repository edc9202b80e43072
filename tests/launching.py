"""Real `dailies` processes, started at once: children of a process that has loaded everything."""

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
from pathlib import Path

from tests.zygote import MOST_BYTES

ROOT = Path(__file__).resolve().parents[1]


class Child:
    """What `asyncio.subprocess.Process` is, as far as tests use one."""

    def __init__(self, pid: int, ended: "Future[int]", stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        return await asyncio.shield(asyncio.wrap_future(self._ended))


async def launch(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Child:
    """Run `dailies …` with just this environment; its output and its errors are one stream."""
    loop = asyncio.get_running_loop()
    read, write = os.pipe()
    stdout = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(read, "rb", 0)
    )
    asked = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
    try:
        pid, ended = await asyncio.wrap_future(_zygote().fork(asked, write))
    finally:
        os.close(write)
    return Child(pid, ended, stdout)


class _Zygote:
    """The process that forks; one for each process of pytest."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        self._asked: dict[int, Future[tuple[int, Future[int]]]] = {}
        self._ended: dict[int, Future[int]] = {}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="zygote", daemon=True)
        self._reader.start()

    def fork(self, asked: dict[str, object], output: int) -> "Future[tuple[int, Future[int]]]":
        answer: Future[tuple[int, Future[int]]] = Future()
        with self._lock:
            number = len(self._asked)
            self._asked[number] = answer
            content = json.dumps({**asked, "id": number}).encode()
            socket.send_fds(self._socket, [content], [output])
        return answer

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        while content := self._socket.recv(MOST_BYTES):
            told = json.loads(content)
            if "code" in told:
                self._ended.pop(told["pid"]).set_result(told["code"])
            else:
                ended = self._ended[told["pid"]] = Future()
                self._asked[told["asked"]].set_result((told["pid"], ended))


_running: list[_Zygote] = []


def _zygote() -> _Zygote:
    if not _running:
        _running.append(_Zygote())
        atexit.register(_running[0].close)
    return _running[0]
