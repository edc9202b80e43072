"""The SQLite engine: transactions that share a commit, and readers beside them."""

import asyncio
import sqlite3
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.errors import StorageUnavailable
from storage.engines.sqlite import SqliteDatabase
from storage.engines.sqlite_readers import READERS

MANY = "INSERT INTO numbers VALUES (:n)"


@pytest.fixture
async def file(tmp_path):
    path = tmp_path / "numbers.db"
    database = SqliteDatabase(path)
    await database.write(
        lambda c: c.execute(text("CREATE TABLE numbers (n INTEGER UNIQUE)")) and None
    )
    await database.close()
    return path


@pytest.fixture
async def numbers(file):
    database = SqliteDatabase(file)
    yield database
    await database.close()


def insert(n: int):
    return lambda c: c.execute(text(MANY), {"n": n}).rowcount


def everything(connection) -> list[int]:
    return list(connection.execute(text("SELECT n FROM numbers ORDER BY n")).scalars())


@pytest.fixture
async def gather(numbers):
    """Let transactions wait together, so that they make one batch."""

    async def together(*transactions):
        begun, go = threading.Event(), threading.Event()

        def hold_up(_connection) -> None:
            begun.set()
            assert go.wait(20)

        first = asyncio.create_task(numbers.write(hold_up))
        await asyncio.to_thread(begun.wait, 20)
        waiting = [asyncio.create_task(numbers.write(work)) for work in transactions]
        await asyncio.sleep(0)  # each has put its transaction into the queue
        go.set()
        await first
        return await asyncio.gather(*waiting, return_exceptions=True)

    return together


async def test_transactions_that_wait_together_share_one_commit(gather, numbers, file):
    """The last of them looks into the file from outside: the first is not there yet."""
    seen: list[int] = []

    def look(_connection) -> None:
        other = sqlite3.connect(file)
        seen.extend(n for (n,) in other.execute("SELECT n FROM numbers"))
        other.close()

    assert await gather(insert(1), insert(2), look) == [1, 1, None]
    assert seen == []
    assert await numbers.read(everything) == [1, 2]


async def test_a_transaction_sees_what_those_before_it_in_the_batch_wrote(gather):
    assert (await gather(insert(1), insert(2), everything))[2] == [1, 2]


async def test_a_failing_transaction_undoes_only_itself(gather, numbers):
    def fails(connection) -> None:
        insert(10)(connection)
        insert(11)(connection)
        raise RuntimeError("no")

    def conflicts(connection) -> None:
        insert(12)(connection)
        insert(1)(connection)

    outcomes = await gather(insert(1), fails, insert(2), conflicts, insert(3))
    assert [type(each) for each in outcomes] == [int, RuntimeError, int, IntegrityError, int]
    assert await numbers.read(everything) == [1, 2, 3]


async def test_a_commit_that_fails_fails_everybody_in_it_and_nobody_after(gather, numbers):
    """A foreign key that is checked only at the end makes SQLite refuse the commit itself."""

    def breaks_at_commit(connection) -> None:
        connection.execute(text("CREATE TABLE owner (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE owned (id REFERENCES owner DEFERRABLE INITIALLY DEFERRED)")
        )
        connection.execute(text("INSERT INTO owned VALUES (7)"))

    outcomes = await gather(insert(1), breaks_at_commit, insert(2))
    assert [type(each) for each in outcomes] == [IntegrityError] * 3
    assert await numbers.read(everything) == []
    assert await numbers.write(insert(3)) == 1
    assert await numbers.read(everything) == [3]


async def test_nobody_hears_of_success_before_it_is_in_the_file(numbers, file):
    other = sqlite3.connect(file)
    for n in range(50):
        await numbers.write(insert(n))
        assert other.execute("SELECT max(n) FROM numbers").fetchone() == (n,)
    other.close()


async def test_readers_see_every_commit_at_once(numbers):
    async def write_and_read(n: int) -> bool:
        await numbers.write(insert(n))
        return n in await numbers.read(everything)

    assert all(await asyncio.gather(*(write_and_read(n) for n in range(60))))


async def test_a_reader_is_not_held_up_by_the_writer(numbers):
    begun, go = threading.Event(), threading.Event()

    def slow(connection) -> None:
        insert(1)(connection)
        begun.set()
        assert go.wait(20)

    writing = asyncio.create_task(numbers.write(slow))
    await asyncio.to_thread(begun.wait, 20)
    assert await numbers.read(everything) == []
    go.set()
    await writing
    assert await numbers.read(everything) == [1]


async def test_one_read_sees_one_moment(numbers, file):
    """A commit that comes between two questions of the same read is not in the second."""

    def ask_twice(connection) -> tuple[list[int], list[int]]:
        before = everything(connection)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("INSERT INTO numbers VALUES (5)")
        other.close()
        return before, everything(connection)

    assert await numbers.read(ask_twice) == ([], [])
    assert await numbers.read(everything) == [5]


async def test_more_than_one_batch_is_all_written(numbers):
    assert sum(await asyncio.gather(*(numbers.write(insert(n)) for n in range(350)))) == 350
    assert await numbers.read(everything) == list(range(350))


async def test_a_write_that_nobody_waits_for_any_more_is_not_begun(numbers):
    begun, go = threading.Event(), threading.Event()

    def hold_up(_connection) -> None:
        begun.set()
        assert go.wait(20)

    first = asyncio.create_task(numbers.write(hold_up))
    await asyncio.to_thread(begun.wait, 20)
    unwanted = asyncio.create_task(numbers.write(insert(1)))
    await asyncio.sleep(0)
    unwanted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unwanted
    go.set()
    await first
    await numbers.write(insert(2))
    assert await numbers.read(everything) == [2]


async def test_a_write_that_was_begun_is_finished_though_its_caller_is_cancelled(numbers):
    begun, go = threading.Event(), threading.Event()

    def slow(connection) -> None:
        begun.set()
        assert go.wait(20)
        insert(1)(connection)

    writing = asyncio.create_task(numbers.write(slow))
    await asyncio.to_thread(begun.wait, 20)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go.set()
    await numbers.write(insert(2))
    assert await numbers.read(everything) == [1, 2]


async def test_closing_finishes_what_waits(file):
    database = SqliteDatabase(file)
    writes = [asyncio.create_task(database.write(insert(n))) for n in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*writes) == [1] * 5


@pytest.mark.parametrize("side", ["write", "read"])
async def test_both_sides_are_set_up_for_power_cuts(numbers, side):
    def pragmas(connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar_one() for n in names}

    full = 2
    assert await getattr(numbers, side)(pragmas) == {
        "journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": 10_000,
    }  # fmt: skip


async def test_reads_that_last_hold_up_no_others_and_every_reader_is_set_up(numbers):
    all_at_once = threading.Barrier(READERS, timeout=20)

    def look(connection) -> int:
        all_at_once.wait()
        level: int = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        return level

    assert await asyncio.gather(*(numbers.read(look) for _ in range(READERS))) == [2] * READERS


async def test_short_reads_take_turns(numbers):
    threads = set()

    def look(_connection) -> None:
        threads.add(threading.get_ident())

    await asyncio.gather(*(numbers.read(look) for _ in range(50)))
    assert len(threads) == 1


async def test_a_disk_that_fills_up_in_the_middle_of_a_batch_undoes_it_and_says_so_to_all(
    gather, numbers
):
    """SQLite itself gives up all that is open then: nobody may hear that theirs was written."""

    def fill(connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(text("INSERT INTO texts VALUES (hex(zeroblob(100000)))"))

    await numbers.write(lambda c: c.exec_driver_sql("CREATE TABLE texts (text TEXT)") and None)
    outcomes = await gather(insert(1), fill, insert(2))
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
    assert "full" in str(outcomes[1])
    assert await numbers.read(everything) == []
    await numbers.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 4294967294").all())
    assert await numbers.write(insert(3)) == 1
    assert await numbers.read(everything) == [3]
