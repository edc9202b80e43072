"""SQLite in one file.

SQLite has one writer. Its transactions run one after the other in a thread of their own, and all
that wait together share one commit: with `synchronous=FULL` the sync to disk is what a commit
costs, and a promise ("about to ask Runway") must survive a power cut. Reads go through aiosqlite
(`storage.engines.sqlite_readers`) and see the last commit, beside the writer (WAL).
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from bot.errors import StorageUnavailable
from storage.database import T, Transaction
from storage.engines.sqlite_engines import engine_of
from storage.engines.sqlite_readers import Readers

# One commit holds at most so many transactions, so that the first does not wait for a long row.
MOST_IN_ONE_COMMIT = 100
BUSY_MILLISECONDS = 10_000


class SqliteDatabase:
    """Implements storage.database.Database."""

    def __init__(self, path: Path) -> None:
        self._writer = _Writer(writer_engine(path))
        self._readers = Readers(path, configure)

    def aside(self) -> "SqliteDatabase":
        # There is one writer; and what is alone has no lease to lose.
        return self

    async def write(self, transaction: Transaction[T]) -> T:
        with _translated():
            return await asyncio.wrap_future(self._writer.submit(transaction))

    async def read(self, transaction: Transaction[T]) -> T:
        with _translated():
            return await self._readers.run(transaction)

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close)
        await self._readers.close()


@contextmanager
def _translated() -> Iterator[None]:
    """A full disk, a file that is gone or locked by somebody else: one error of ours."""
    try:
        yield
    except OperationalError as error:
        raise StorageUnavailable(str(error.orig)) from error


def writer_engine(path: Path) -> Engine:
    """An engine with one connection, on which transactions begin when we say so."""
    return engine_of(
        lambda: sqlite3.connect(path, check_same_thread=False), configure, "BEGIN IMMEDIATE"
    )


def configure(connection: Any, _record: Any) -> None:
    """What a new connection is told before its first transaction."""
    # The driver's own idea of when a transaction begins leaves savepoints out.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


_Job = tuple[Transaction[Any], "Future[Any]"]


class _Writer:
    """A thread that owns the one writing connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, transaction: Transaction[T]) -> "Future[T]":
        future: Future[T] = Future()
        self._jobs.put((transaction, future))
        return future

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, is_last = self._batch(first)
            self._commit(batch)
            if is_last:
                return

    def _batch(self, first: _Job) -> tuple[list[_Job], bool]:
        batch = [first]
        while len(batch) < MOST_IN_ONE_COMMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _commit(self, batch: list[_Job]) -> None:
        live = [(work, future) for work, future in batch if future.set_running_or_notify_cancel()]
        try:
            with self._engine.begin() as connection:
                if len(live) == 1:  # it is undone with the whole
                    outcomes = [_Outcome(live[0][0](connection))]
                else:
                    outcomes = [_attempt(connection, work) for work, _ in live]
        except Exception as error:  # noqa: BLE001 - nothing was written
            outcomes = [_Outcome(error=error)] * len(live)
        for (_, future), outcome in zip(live, outcomes, strict=True):
            if outcome.error is not None:
                future.set_exception(outcome.error)
            else:
                future.set_result(outcome.value)


@dataclass(frozen=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None


def _attempt(connection: Connection, work: Transaction[Any]) -> _Outcome:
    """One transaction of a batch: when it fails, only what it wrote is undone."""
    savepoint = connection.begin_nested()
    try:
        value = work(connection)
        savepoint.commit()
    except Exception as error:
        # On a full or broken disk SQLite may give up all that is open, savepoints or not:
        # https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
        if not _is_open(connection):
            raise
        savepoint.rollback()
        return _Outcome(error=error)
    return _Outcome(value)


def _is_open(connection: Connection) -> bool:
    """Whether SQLite still has the transaction that we began."""
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)
