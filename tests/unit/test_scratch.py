"""Files under way leave nothing behind, whoever is killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.scratch import sweep

HOLD = """
import asyncio, sys
from bot.scratch import scratch
async def main():
    async with scratch() as folder:
        (folder / "film.mp4").write_bytes(b"half")
        print(folder, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=environment, text=True
    ) as holding:
        assert holding.stdout is not None
        folder = Path(holding.stdout.readline().strip())
        assert sweep() == 0
        assert (folder / "film.mp4").is_file()
        holding.send_signal(signal.SIGKILL)
        holding.wait()
    assert sweep() == 1
    assert list(temporary.iterdir()) == []


def test_only_folders_of_our_own_are_removed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (temporary / "dailies-scratch-link").symlink_to(elsewhere)
    (temporary / "dailies-scratch-file").write_text("")
    assert sweep() == 0
    assert len(list(temporary.iterdir())) == 3
