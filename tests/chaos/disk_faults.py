"""What is done to the files of a replica: its disk is full, its archive gone or behind a cut wire."""

import asyncio
from pathlib import Path

from tests.chaos.actor import Actor
from tests.chaos.faults import Fault, down, trap

ARCHIVE_WORDS = (b"PUT /", b"POST /", b"GET /", b"HEAD /")
# Bytes that a file may still grow to: none, part of a result, or a database with some rows.
ROOM = (0, 2_000, 200_000)


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
    here.rename(away)
    here.touch()
    try:
        await asyncio.sleep(actor.rng.uniform(0.3, 3.0))
    finally:
        _put_back(here, away)
    return True


def _put_back(here: Path, away: Path) -> None:
    here.unlink()
    away.rename(here)


DISK_FAULTS = (
    Fault("disk full", 2, fill_disk),
    Fault("archive gone", 2, remove_archive, archives=("folder",)),
    Fault("archive cut", 3, cut_archive, archives=("bucket",)),
    Fault("archive down", 1, archive_down, archives=("bucket",)),
)
