"""A folder for files under way, which is gone afterwards; also after a kill, at the next start."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import structlog

log = structlog.get_logger()

_PREFIX = "dailies-scratch-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """An empty folder; removed in a thread, for freeing a file takes about a millisecond a megabyte."""
    folder, held = _held_folder()
    try:
        yield folder
    finally:
        os.close(held)
        # Shielded: whoever is cancelled leaves nothing behind either.
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def _held_folder() -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock."""
    while True:
        folder = Path(mkdtemp(prefix=_PREFIX))
        # Before it is locked it looks left behind: a process that starts now may sweep it away.
        with suppress(FileNotFoundError):
            held = os.open(folder, _FOLDER)
            # Waits for a sweep, if at all, which is over in an instant: the folder is empty.
            fcntl.flock(held, fcntl.LOCK_SH)
            if folder.exists():
                return folder, held
            os.close(held)


def sweep() -> int:
    """Remove the folders of processes that were killed; how many there were."""
    swept = sum(_swept(folder) for folder in Path(gettempdir()).glob(f"{_PREFIX}*"))
    if swept:
        log.info("removed what a killed process left under way", folders=swept)
    return swept


def _swept(folder: Path) -> bool:
    """Remove a folder of ours that nobody holds: the lock of a process ends with it."""
    try:
        held = os.open(folder, _FOLDER)
    except OSError:
        return False
    try:
        if os.fstat(held).st_uid != os.getuid():
            return False
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(held)


@asynccontextmanager
async def scratch_for(files: Sized) -> AsyncIterator[Path]:
    """A folder for these files; without any nothing is made on the disk, and the path leads nowhere."""
    if not files:
        yield Path("/nowhere")
        return
    async with scratch() as folder:
        yield folder
