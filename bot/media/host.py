"""The bot's end of the process that forks decoders: started when it is needed, anew when it is gone."""

import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bot.media.calls import Call, send
from bot.media.tasks import Term

_PATIENCE_SECONDS = 2.0
_SOURCES = Path(__file__).resolve().parents[2]


class Host:
    """Calls `python -m bot.media.child`, which ends by itself when idle or alone."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._finish: Callable[[], object] | None = None

    def call(
        self, task: str, path: Path, container: str, terms: Mapping[str, Term]
    ) -> tuple[socket.socket, socket.socket]:
        """Where the answer is read (to close its writing side ends the work), and what to `forget`."""
        ours, theirs = socket.socketpair()
        # An absolute path can be read neither as an option nor as a protocol.
        call = Call(task, str(path.absolute()), container, terms, theirs)
        with theirs:
            control = self._control or self._start()
            try:
                send(call, control)
            except OSError:  # it has ended, idle for a while
                control = self._start()
                send(call, control)
        return ours, control

    def forget(self, control: socket.socket) -> None:
        """What was asked through `control` gave no answer: the next one starts another process."""
        if control is self._control:
            self._control = None

    def _start(self) -> socket.socket:
        if self._finish is not None:
            self._finish()
        self._control, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  # our own program and a number
                _command(theirs.fileno()),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the bot, which may need a last answer
            )
        self._finish = weakref.finalize(self, _finish, process, self._control)
        return self._control


def _finish(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()  # that ends it, and with it whatever it has begun
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _command(descriptor: int) -> list[str]:
    # -P: nothing from the directory we happen to be in; -B: the child writes nothing; -S: nothing
    # that other packages do at every start, which takes as long as starting.
    return [sys.executable, "-P", "-B", "-S", "-m", "bot.media.child", str(descriptor)]


def _environment() -> dict[str, str]:
    """Nothing of ours but what Python needs to start: no keys, no tokens."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {"PYTHONPATH": _path(), "LC_ALL": "C.UTF-8"}


@cache
def _path() -> str:
    """Where our sources are, and the decoders."""
    places = [str(_SOURCES)]
    for package in ("PIL", "av"):
        found = find_spec(package)
        if found is not None and found.origin is not None:
            places.append(str(Path(found.origin).parents[1]))
    return os.pathsep.join(dict.fromkeys(places))
