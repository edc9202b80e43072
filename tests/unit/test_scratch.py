"""Files under way leave nothing behind, whoever is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from bot.scratch import scratch, sweep

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


async def test_a_new_folder_is_there_however_often_other_processes_start(temporary: Path) -> None:
    done = threading.Event()

    def sweep_on() -> int:
        swept = 0
        while not done.is_set():
            swept += sweep()
        return swept

    sweeping = [asyncio.create_task(asyncio.to_thread(sweep_on)) for _ in range(2)]
    try:
        for _ in range(300):
            async with scratch() as folder:
                await asyncio.to_thread((folder / "film.mp4").write_bytes, b"half")
                assert os.listdir(folder) == ["film.mp4"]
    finally:
        done.set()
        await asyncio.gather(*sweeping)
    assert os.listdir(temporary) == []
