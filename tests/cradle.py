"""A process that has loaded Dailies already and forks a ready-made `dailies` for each that asks.

What it forks are processes of their own, with their own id, folder, environment and output, as if
`dailies` had been started; only the 2.5 CPU-seconds of loading are spent once. `tests.nursery` is
the side that asks; when that goes away, whatever was forked goes with it.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

MOST_REQUEST_BYTES = 256 * 1024
LOADED = (
    *("bot.cli", "adapters.playground.routes", "storage.engines", "aiosqlite", "asyncpg"),
    *("alembic.command", "sqlalchemy.dialects.sqlite.aiosqlite"),
    "sqlalchemy.dialects.postgresql.asyncpg",
)


def main() -> None:
    asker = socket.socket(fileno=int(sys.argv[1]))
    _load(LOADED)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([asker, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_ends(asker, children)
        if asker in ready:
            content, files, _, _ = socket.recv_fds(asker, MOST_REQUEST_BYTES, 1)
            if not content:
                _end_all(children)
                return None
            request = json.loads(content)
            _load(request["load"])
            child = os.fork()
            if child == 0:
                # It comes to its end as any Python program does, not as a part of this one.
                return _live(request, files[0], (asker.fileno(), woken, wake))
            os.close(files[0])
            children.add(child)
            asker.sendall(json.dumps({"born": child}).encode() + b"\n")


def _load(names: Any) -> None:
    for name in names:
        importlib.import_module(name)


def _tell_ends(asker: socket.socket, children: set[int]) -> None:
    for child in sorted(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(pid)
            end = {"ended": pid, "code": os.waitstatus_to_exitcode(status)}
            asker.sendall(json.dumps(end).encode() + b"\n")


def _end_all(children: set[int]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _live(request: Any, output: int, not_mine: tuple[int, ...]) -> None:
    """Be what was asked for."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(here, there)
    for file in (nothing, output, *not_mine):
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["dailies", *request["arguments"]]
    importlib.import_module("bot.cli").main()


if __name__ == "__main__":
    main()
