"""A process that has loaded everything already, and becomes `dailies` by forking.

Loading the program takes a second of CPU and a test starts it often; a fork of this one is a real
process with a life, a folder, an environment and a death of its own, and is there at once.

Over its socket it is asked in JSON, with the descriptor of the output beside it, and answers
`{"asked": …, "pid": …}` and, when that child has ended, `{"pid": …, "code": …}`.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

MOST_BYTES = 1 << 18


def main() -> None:
    import bot.cli
    from tests import wall

    bot.cli.parser()  # everything that a start would load
    # What a start loads only when it is configured, or when it finds a new database.
    for name in ("adapters.discord.platform", "adapters.slack.platform", "alembic.command"):
        importlib.import_module(name)
    asking = socket.socket(fileno=int(sys.argv[1]))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # For good: collecting what all children share would copy it into each of them when it ends.
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([asking, woken], [], [])
        if woken in ready:
            os.read(woken, MOST_BYTES)
            _tell_deaths(asking, children)
        if asking in ready:
            content, descriptors, _, _ = socket.recv_fds(asking, MOST_BYTES, 1)
            if not content:
                _end(children)
                return
            asked = json.loads(content)
            pid = os.fork()
            if pid == 0:
                asking.close()
                os.close(woken)
                signal.set_wakeup_fd(-1)
                os.close(wake)
                _become(asked, descriptors[0])
                if wall.VARIABLE in os.environ:
                    wall.hang(Path(os.environ[wall.VARIABLE]))
                bot.cli.main()
                return
            os.close(descriptors[0])
            children.add(pid)
            asking.send(json.dumps({"asked": asked["id"], "pid": pid}).encode())


def _end(children: set[int]) -> None:
    """Whoever asked for them is gone, perhaps killed itself: leave none behind."""
    for child in children:
        os.kill(child, signal.SIGKILL)


def _tell_deaths(asking: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        told = {"pid": pid, "code": os.waitstatus_to_exitcode(status)}
        asking.send(json.dumps(told).encode())


def _become(asked: dict[str, object], output: int) -> None:
    """Take over what a program is given when it is started."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, place)
    os.close(nothing)
    os.close(output)
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[arg-type]
    sys.argv = ["dailies", *asked["arguments"]]  # type: ignore[misc]
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
