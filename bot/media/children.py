"""Work on files from outside in limited child processes, and their answers."""

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from bot.media.host import Host
from bot.media.tasks import Term

_MOST_ANSWER_BYTES = 64 * 1024
# A child that is killed ends at once, unless its host was killed first.
_PATIENCE_SECONDS = 5.0
# One for all: what it has loaded is the same for everybody.
_HOST = Host()


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

    def __init__(self, most: int = 2, host: Host = _HOST) -> None:
        self._most = most
        self._host = host
        # A semaphore belongs to the loop that waits on it.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    async def run(
        self, task: str, path: Path, container: str, terms: Mapping[str, Term], budget: Budget
    ) -> dict[str, object]:
        """The answer to one task on the file at `path`; ChildFailed when the file allows none."""
        limits = {"memory": budget.memory, "cpu_seconds": budget.cpu_seconds}
        all_terms = {**terms, **limits, "written": budget.written}
        slots = self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._most))
        async with slots:
            for _ in range(2):
                answer, control = self._host.call(task, path, container, all_terms)
                told = await _told(answer, budget.wall_seconds)
                answered, is_whole, status = told.rpartition(b"\n")
                if is_whole:
                    return _parse(answered, int(status))
                self._host.forget(control)  # it ended before it could say how the child did
        raise ChildBroken("no decoder starts")


async def _told(connection: socket.socket, wall_seconds: float) -> bytes:
    """The child's answer, and in the last line how it ended."""
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        async with asyncio.timeout(wall_seconds):
            return await _read_all(reader)
    except TimeoutError:
        raise ChildFailed("timeout") from None
    finally:
        await _end(reader, writer)


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    told = bytearray()
    while chunk := await reader.read(_MOST_ANSWER_BYTES):
        told += chunk
        if len(told) > _MOST_ANSWER_BYTES:
            raise ChildFailed("too much of an answer")
    return bytes(told)


async def _end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Have the child ended, if it is not: nobody reads or writes a file of ours after this."""
    try:
        if not reader.at_eof():
            with suppress(OSError):
                writer.write_eof()
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    while await reader.read(_MOST_ANSWER_BYTES):
                        pass
    finally:
        writer.close()


def _parse(answer: bytes, status: int) -> dict[str, object]:
    if status > 0:  # an uncaught Python error; a codec that crashes dies of a signal
        raise ChildBroken(f"status {status}")
    if status < 0:
        raise ChildFailed(f"status {status}")
    try:
        parsed = json.loads(answer)
    except ValueError:
        raise ChildFailed("no JSON") from None
    if not isinstance(parsed, dict):
        raise ChildFailed("no object")
    return parsed
