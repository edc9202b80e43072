"""A folder for files under way, which is gone afterwards."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """An empty folder; removed in a thread, for freeing a file takes about a millisecond a megabyte."""
    folder = Path(mkdtemp(prefix="dailies-"))
    try:
        yield folder
    finally:
        # Shielded: whoever is cancelled leaves nothing behind either.
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


@asynccontextmanager
async def scratch_for(files: Sized) -> AsyncIterator[Path]:
    """A folder for these files; without any nothing is made on the disk, and the path leads nowhere."""
    if not files:
        yield Path("/nowhere")
        return
    async with scratch() as folder:
        yield folder
