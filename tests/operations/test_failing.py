"""A database or a disk that does not work is one sentence and exit code 2, and no traceback."""

import asyncio
import errno
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.cli import main, outside
from bot.errors import StorageUnavailable
from storage.engines.opening import open_database

ROOT = Path(__file__).parents[2]


def test_ctrl_c_while_it_is_being_loaded_is_no_traceback(tmp_path):
    (tmp_path / "sqlalchemy.py").write_text("raise KeyboardInterrupt\n")
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", "bot", "--version"]
    ended = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.fixture
def fails(monkeypatch, capsys):
    """What a command line says on standard error when it fails."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["dailies", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        return capsys.readouterr().err

    return run


def test_a_file_that_is_no_database_is_told(fails, tmp_path, monkeypatch):
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{tmp_path}/rubbish.db")
    said = fails("jobs", "list")
    assert said == (
        "The database does not work: file is not a database. "
        "`dailies check database disk` says more.\n"
    )


@pytest.mark.parametrize("words", [("jobs", "list"), ("jobs", "retry", "x"), ("quota", "show")])
def test_in_a_wrong_folder_nobody_is_told_that_there_are_no_jobs(fails, tmp_path, words):
    said = fails(*words)
    assert f"There is no database at {tmp_path}/data/dailies.db." in said
    assert "go to its folder, or set DAILIES_STORAGE__URL" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", [("jobs", "list"), ("quota", "show")])
def test_a_look_at_an_empty_file_makes_no_tables(fails, tmp_path, monkeypatch, words):
    (tmp_path / "empty.db").touch()
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{tmp_path}/empty.db")
    assert f"There is no database at {tmp_path}/empty.db." in fails(*words)
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [0]


def test_a_quota_that_cannot_be_written_says_why(fails, tmp_path, monkeypatch):
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{tmp_path}/dailies.db")
    words = ("quota", "--workspace", "slack:T1", "set", "default", "5")
    asyncio.run(open_and_close(f"sqlite:///{tmp_path}/dailies.db"))
    with closing(sqlite3.connect(tmp_path / "dailies.db")) as connection, connection:
        connection.execute("ALTER TABLE allowances RENAME TO away")
    assert fails(*words) == (
        "The database does not answer: no such table: allowances. "
        "`dailies check database disk` says more.\n"
    )


async def open_and_close(url):
    await (await open_database(url)).close()


@pytest.fixture
def listener():
    """A port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://dailies:hunter2@127.0.0.1:1/dailies", "does not answer: postgresql"),
        ("sqlite:////proc/none/dailies.db", "/proc/none cannot be used: No such file"),
        ("sqlite:///.", "is a folder. Name a file in it"),
    ],
)
@pytest.mark.parametrize(
    "words", [("quota", "set", "default", "5", "--workspace", "slack:T1"), ("run",)]
)
def test_a_database_that_cannot_be_had_is_told(fails, monkeypatch, url, says, words):
    monkeypatch.setenv("DAILIES_STORAGE__URL", url)
    monkeypatch.setenv("DAILIES_PLAYGROUND__ENABLED", "true")
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_1")
    said = fails(*words)
    assert says in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_the_demo_says_how_to_take_another_port(fails, listener):
    said = fails("demo", "--port", str(listener))
    assert f"Port {listener} is taken by another program." in said
    assert f"PORT={listener + 1} make demo" in said


def test_a_simulator_says_what_it_cannot_use(fails, listener):
    assert "Take another one with --port" in fails("simulator", "--port", str(listener))
    assert "/proc/none cannot be used" in fails("simulator", "--state-dir", "/proc/none")
    assert "0 to 65535" in fails("simulator", "--port", "65536")
    assert "0 to 65535" in fails("demo", "--port", "many")


def test_a_configuration_that_was_written_half_way_is_told(fails, tmp_path):
    (tmp_path / "config.toml").write_text("[web]\nport = 80\n[quota")
    said = fails("run")
    assert "config.toml cannot be read" in said
    assert "line 3" in said


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data/x"), "No space left on device: data/x"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "Read-only file system: the disk"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "The database cannot be reached"),
        (OperationalError("INSERT", {}, Exception("database or disk is full")), "or disk is full."),
        (sqlite3.OperationalError("disk I/O error"), "does not work: disk I/O error."),
        (StorageUnavailable("password authentication failed"), "answer: password authentication"),
    ],
)  # fmt: skip
def test_what_is_not_our_mistake_is_a_sentence(error, says):
    assert says in outside(error)
    assert "dailies check" in outside(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("INSERT", {}, Exception("x")), OSError(errno.EBADF, "x"), OSError("x"),
        sqlite3.IntegrityError("x"),
    ],
)  # fmt: skip
def test_what_may_be_our_mistake_keeps_its_traceback(error):
    assert outside(error) is None
