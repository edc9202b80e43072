"""A database or a disk that does not work is one sentence and exit code 2, and no traceback."""

import errno
import os
import sys

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.cli import main, outside


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
    ],
)  # fmt: skip
def test_what_is_not_our_mistake_is_a_sentence(error, says):
    assert says in outside(error)
    assert "dailies check" in outside(error)


@pytest.mark.parametrize(
    "error", [IntegrityError("INSERT", {}, Exception("x")), OSError(errno.EBADF, "x"), OSError("x")]
)
def test_what_may_be_our_mistake_keeps_its_traceback(error):
    assert outside(error) is None
