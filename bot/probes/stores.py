"""What the bot keeps: the database with its tables, the archive, and the room on the disk."""

import asyncio
import os
import secrets
import shutil
import sqlite3
from pathlib import Path
from tempfile import gettempdir

from sqlalchemy.exc import SQLAlchemyError

from bot.archive import Archive
from bot.errors import ArchiveFailed, ConfigError, StorageUnavailable
from bot.probes.findings import Finding, Surroundings, failed, ok, warning
from storage.engines.inspection import Condition, inspect_database
from storage.engines.opening import address_of, database_path

# A delivery needs its file a few times over.
LITTLE_SPACE_BYTES = 2_000_000_000
_GB = 1_000_000_000


async def probe_database(given: Surroundings) -> list[Finding]:
    """Open it and look at its tables; nothing is migrated."""
    name = "database"
    try:
        condition = await inspect_database(given.config.storage.url)
    except ConfigError as error:
        return [failed(name, str(error), "See storage.url in config.example.toml.")]
    except (StorageUnavailable, SQLAlchemyError, sqlite3.Error, OSError) as error:
        # Without its password.
        address = address_of(given.config.storage.url).render_as_string()
        text = f"The database cannot be opened ({address}): {_first_line(error)}."
        mend = "Look whether it runs, whether its folder is writable, and at storage.url."
        return [failed(name, text, mend)]
    return [_judge(name, condition)]


def _judge(name: str, condition: Condition) -> Finding:
    if condition.unknown:
        text = f"Its tables are from a newer Dailies ({condition.unknown})."
        return failed(name, text, "Run that version, or go back to a backup.")
    if condition.is_new:
        return ok(name, "There is none yet; the first start makes it.")
    if condition.pending:
        text = f"It opens; migrations to come: {', '.join(condition.pending)}."
        return warning(name, text, "Make a backup (`dailies backup FILE`), then `dailies migrate`.")
    return ok(name, f"It opens, can be written, and its tables are today's ({condition.at}).")


async def probe_archive(given: Surroundings) -> list[Finding]:
    """Write a small file, read it back, remove it."""
    name, url = "archive", given.config.archive.url
    content = secrets.token_hex(16)
    key = f"check/{content}.txt"
    try:
        archive = Archive(url)
        await archive.put(key, content.encode(), content_type="text/plain")
        read = b"".join([piece async for piece in archive.open(key)])
        await archive.delete(key)
    except (ArchiveFailed, ValueError, OSError) as error:
        text = f"The archive does not work: {_first_line(error)}"
        return [failed(name, text, _mend(url))]
    if read.decode() != content:
        return [failed(name, "The archive gives back something else than was written.", _mend(url))]
    return [ok(name, "Writing, reading and removing a file works.")]


def _mend(url: str) -> str:
    if "://" in url and not url.startswith("file:"):
        return "Look at archive.url, the credentials and the bucket's rights (read, write, delete)."
    return (
        "Look at archive.url: the folder has to be writable by the user who runs Dailies, and its "
        "disk needs room."
    )


async def probe_disk(given: Surroundings) -> list[Finding]:
    """How much room is left where files are worked on, and where they are kept."""
    folders = {}
    if (database := database_path(given.config.storage.url)) is not None:
        folders["the database"] = database.parent
    if "://" not in (url := given.config.archive.url):
        folders["the archive"] = Path(url)
    rooms = [await asyncio.to_thread(_room, what, folder) for what, folder in folders.items()]
    return [await asyncio.to_thread(_room_for_work), *rooms]


def _room_for_work() -> Finding:
    """Where a folder is full or closed, Python quietly goes to the next that it knows."""
    meant = next(filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP"))), "/tmp")  # noqa: S108
    room = _room("temporary files", Path(meant))
    try:
        used = gettempdir()
    except OSError:
        used = "no folder at all"
    if used == os.path.abspath(meant):  # as Python does it, with links as they are
        return room
    text = f"{meant} cannot be written: temporary files are in {used}."
    return failed(room.name, text, "Make room there, or name another folder in TMPDIR.")


def _room(what: str, folder: Path) -> Finding:
    name = f"disk for {what}"
    folder = folder.expanduser().absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / _GB:.1f} GB are free for {what} ({folder})."
    if free >= LITTLE_SPACE_BYTES:
        return ok(name, text)
    mend = "Make room, or set archive.max_gb or archive.keep_days."
    return (failed if free < LITTLE_SPACE_BYTES // 20 else warning)(name, text, mend)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
