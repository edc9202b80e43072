"""The processes that decode files from outside: a bad one costs a refusal, not the bot.

`python -m bot.media.child <descriptor>` loads decoders, which takes ten times as long as looking at
a picture, and forks for each call that comes over the socket at that descriptor (see `calls`). The
fork limits itself, does one task, answers one line of JSON over the call's own socket and ends;
this process, which never touches a file, adds how it ended. A call whose caller closes its side is
ended at once.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.media.calls import Call, received
from bot.media.errors import Reason, UnusableFile
from bot.media.tasks import TASKS, Terms, load_decoder

# Whoever looks at one file often looks at the next one soon; idle, the memory is given back.
_MOST_IDLE_MS = 60_000
_OPEN_FILES = 64
_NICENESS = 10


@dataclass(frozen=True)
class _Work:
    """A fork at work: its process, and where its answer goes."""

    pid: int
    answer: socket.socket


class ForkServer:
    """Forks for each call; ends, with all forks, without its caller or after an idle minute."""

    def __init__(self, control: socket.socket, most_idle_ms: int = _MOST_IDLE_MS) -> None:
        self._control = control
        self._most_idle_ms = most_idle_ms
        self._at_answer: dict[int, _Work] = {}
        self._at_life: dict[int, _Work] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Serve until nobody can ask any more."""
        while ready := self._poll.poll(None if self._at_life else self._most_idle_ms):
            for descriptor, _ in ready:
                if descriptor in self._at_life:
                    self._report(descriptor)
                elif descriptor in self._at_answer:
                    self._stop(descriptor)
                elif (call := received(self._control)) is None:
                    return
                else:
                    self._begin(call)

    def end(self) -> None:
        """Leave no fork behind."""
        for work in self._at_life.values():
            os.kill(work.pid, signal.SIGKILL)

    def _begin(self, call: Call) -> None:
        load_decoder(call.task)
        # What all forks share is not looked through, which would copy it into each of them.
        gc.freeze()
        life, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._forget()
            os.close(life)
            _work(call)  # `held` closes when this process ends, however it ends
        os.close(held)
        work = _Work(pid, call.answer)
        self._at_life[life] = self._at_answer[call.answer.fileno()] = work
        self._poll.register(life, select.POLLIN)
        self._poll.register(call.answer, select.POLLIN)

    def _report(self, life: int) -> None:
        """A fork has ended: say how."""
        work = self._at_life.pop(life)
        self._poll.unregister(life)
        os.close(life)
        if self._at_answer.pop(work.answer.fileno(), None) is not None:
            self._poll.unregister(work.answer)
        _, status = os.waitpid(work.pid, 0)
        with suppress(OSError):  # nobody listens any more
            work.answer.sendall(b"\n%d" % os.waitstatus_to_exitcode(status))
        work.answer.close()

    def _stop(self, answer: int) -> None:
        """The caller has closed its side."""
        work = self._at_answer.pop(answer)
        self._poll.unregister(answer)
        os.kill(work.pid, signal.SIGKILL)

    def _forget(self) -> None:
        """Close what a fork must not hold: the calls, and the answers of others."""
        self._control.close()
        for life, work in self._at_life.items():
            os.close(life)
            work.answer.close()


def _work(call: Call) -> None:
    """Do what was called for, and never come back."""
    status = 1
    try:
        limit(call.terms)
        call.answer.sendall(json.dumps(_done(call)).encode())
        status = 0
    finally:
        os._exit(status)


def _done(call: Call) -> dict[str, object]:
    """`{"found": …}` or `{"refused": …}`."""
    do = TASKS[call.task]
    try:
        return {"found": do(Path(call.path), call.container, call.terms)}
    except UnusableFile as error:
        return {"refused": vars(error)}
    except Exception as error:  # noqa: BLE001  # a decoder fails in any way it likes
        return {"refused": {"reason": Reason.UNDECODABLE, "detail": type(error).__name__}}


def limit(terms: Terms) -> None:
    """Cap this process for good: address space, CPU seconds, bytes written to a file, open files."""
    os.nice(_NICENESS)
    _cap(resource.RLIMIT_AS, int(terms["memory"]))
    _cap(resource.RLIMIT_CPU, int(terms["cpu_seconds"]))
    _cap(resource.RLIMIT_FSIZE, int(terms["written"]))
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _cap(resource.RLIMIT_CORE, 0)


def _cap(which: int, most: int) -> None:
    # macOS refuses RLIMIT_AS (setrlimit gives EINVAL, as ValueError); the other caps still hold.
    with suppress(ValueError):
        resource.setrlimit(which, (most, most))


def main(arguments: list[str]) -> None:
    """Serve at the socket whose descriptor is the argument."""
    server = ForkServer(socket.socket(fileno=int(arguments[0])))
    try:
        server.serve()
    finally:
        server.end()


if __name__ == "__main__":
    main(sys.argv[1:])
