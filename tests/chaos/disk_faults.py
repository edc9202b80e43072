"""What is done to the files of a replica: its disk is full, its archive gone or behind a cut wire."""

import asyncio
import ctypes
import os
from pathlib import Path

from tests.chaos.actor import Actor
from tests.chaos.faults import Fault, down, trap

ARCHIVE_WORDS = (b"PUT /", b"POST /", b"GET /", b"HEAD /")
# Bytes that a file may still grow to: none, part of a result, or a database with some rows.
ROOM = (0, 2_000, 200_000)
# From Linux's own fcntl.h and fs.h.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


async def fill_disk(actor: Actor) -> bool:
    seconds = actor.lease * actor.rng.choice((0.2, 0.6, 1.5))
    return await actor.fill_disk(actor.rng.choice(ROOM), seconds)


async def cut_archive(actor: Actor) -> bool:
    assert actor.wires.archive is not None
    return await trap(actor, actor.wires.archive, actor.rng.choice(ARCHIVE_WORDS))


async def archive_down(actor: Actor) -> bool:
    assert actor.wires.archive is not None
    return await down(actor.wires.archive, actor.rng.uniform(0.5, 3.0))


async def remove_archive(actor: Actor) -> bool:
    """Away, and a file in its place: not even root can write there."""
    here, away = actor.folder / "archive", actor.folder / "archive.away"
    if away.exists() or not here.is_dir():
        return False
    away.touch()
    _exchange(here, away)
    try:
        await asyncio.sleep(actor.rng.uniform(0.3, 3.0))
    finally:
        _exchange(here, away)
        away.unlink()
    return True


def _exchange(here: Path, away: Path) -> None:
    """Each takes the other's name in one step: between two, a starting replica makes its folder."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(here), os.fsencode(away)
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "cannot exchange", str(here), None, str(away))


DISK_FAULTS = (
    Fault("disk full", 2, fill_disk),
    Fault("archive gone", 2, remove_archive, archives=("folder",)),
    Fault("archive cut", 3, cut_archive, archives=("bucket",)),
    Fault("archive down", 1, archive_down, archives=("bucket",)),
)
