"""Starting limited child processes and reading their answers."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from weakref import WeakKeyDictionary

from bot.media.tasks import Term

_MOST_ANSWER_BYTES = 64 * 1024
_SOURCES = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one child may use (bytes, seconds); `written` is the most it may write to a file."""

    memory: int = 1536 * 1024**2
    cpu_seconds: int = 20
    wall_seconds: float = 60.0
    written: int = 0


class ChildFailed(Exception):
    """The child died of the file, ran out of its budget, or gave no answer."""


class ChildBroken(RuntimeError):
    """The child did not even start its task: our installation is at fault, not the file."""


class Children:
    """Runs tasks of `bot.media.child`, at most `most` at a time."""

    def __init__(self, most: int = 2) -> None:
        self._most = most
        # A semaphore belongs to the loop that waits on it.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    async def run(
        self, task: str, path: Path, container: str, terms: Mapping[str, Term], budget: Budget
    ) -> dict[str, object]:
        """The answer to one task on the file at `path`; ChildFailed when the file allows none."""
        packed = json.dumps(
            {
                **terms,
                "memory": budget.memory,
                "cpu_seconds": budget.cpu_seconds,
                "written": budget.written,
            }
        )
        slots = self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._most))
        async with slots:
            process = await _start(task, path, container, packed)
            return _parse(await _answer(process, budget.wall_seconds))


async def _start(task: str, path: Path, container: str, packed: str) -> Process:
    command = _command(task, path, container, packed)
    return await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=_environment()
    )


def _command(task: str, path: Path, container: str, packed: str) -> list[str]:
    # -P: nothing from the directory we happen to be in; -B: the child writes nothing; -S: nothing
    # that other packages do at every start, which takes as long as starting.
    command = [sys.executable, "-P", "-B", "-S", "-m", "bot.media.child"]
    # An absolute path can be read neither as an option nor as a protocol.
    return [*command, task, str(path.absolute()), container, packed]


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


async def _answer(process: Process, wall_seconds: float) -> bytes:
    assert process.stdout is not None  # noqa: S101  # PIPE was asked for
    try:
        async with asyncio.timeout(wall_seconds):
            answer = await _read_all(process.stdout)
            status = await process.wait()
    except TimeoutError:
        raise ChildFailed("timeout") from None
    finally:
        await _end(process)
    if status > 0:  # an uncaught Python error; a codec that crashes dies of a signal
        raise ChildBroken(f"status {status}")
    if status < 0:
        raise ChildFailed(f"status {status}")
    return answer


async def _read_all(stream: asyncio.StreamReader) -> bytes:
    answer = bytearray()
    while chunk := await stream.read(_MOST_ANSWER_BYTES):
        answer += chunk
        if len(answer) > _MOST_ANSWER_BYTES:
            raise ChildFailed("too much of an answer")
    return bytes(answer)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):  # it may end at this very moment
            process.kill()
        await process.communicate()


def _parse(answer: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(answer)
    except ValueError:
        raise ChildFailed("no JSON") from None
    if not isinstance(parsed, dict):
        raise ChildFailed("no object")
    return parsed
