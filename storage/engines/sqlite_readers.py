"""Reading from SQLite on aiosqlite's threads, a whole transaction at a time.

A hop to a thread and back costs about as much as the statement it is made for, and more when both
threads want Python's lock; so a transaction hops once, not once for each of its statements. And one
reads at a time: four threads at once took that lock from the event loop so often that everything it
had to do took four times as long. Only beside one that lasts do others read.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from storage.database import T, Transaction
from storage.engines.sqlite_engines import Configure, engine_of

READERS = 4
# A transaction that lasts for longer lets others read beside it.
TURN_SECONDS = 0.2


class Readers:
    """A few connections; transactions take turns, and one that lasts gives its turn up."""

    def __init__(self, path: Path, configure: Configure) -> None:
        self._path = path
        self._configure = configure
        self._idle: list[_Reader] = []
        self._turn = asyncio.Semaphore(1)
        self._free = asyncio.Semaphore(READERS)

    async def run(self, transaction: Transaction[T]) -> T:
        async with self._a_turn(), self._free:
            reader = self._idle.pop() if self._idle else await self._another()
            try:
                return await reader.run(transaction)
            finally:
                self._idle.append(reader)

    @asynccontextmanager
    async def _a_turn(self) -> AsyncIterator[None]:
        await self._turn.acquire()
        has_turn = True

        def give_up() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turn.release()

        timer = asyncio.get_running_loop().call_later(TURN_SECONDS, give_up)
        try:
            yield
        finally:
            timer.cancel()
            give_up()

    async def _another(self) -> "_Reader":
        reader = _Reader(self._path, self._configure)
        await reader
        return reader

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class _Reader(aiosqlite.Connection):
    """One connection, its thread, and SQLAlchemy's way of speaking to it."""

    def __init__(self, path: Path, configure: Configure) -> None:
        super().__init__(lambda: sqlite3.connect(path, check_same_thread=False), iter_chunk_size=64)
        self._thread.daemon = True  # it must not keep a process alive that has nothing left to do
        # In a transaction, a read of several statements sees one moment.
        self._engine = engine_of(lambda: self._conn, configure, "BEGIN")

    async def run(self, transaction: Transaction[T]) -> T:
        result: T = await self._execute(self._transact, transaction)  # type: ignore[no-untyped-call]  # is not typed there
        return result

    def _transact(self, transaction: Transaction[T]) -> T:
        with self._engine.begin() as connection:
            return transaction(connection)
