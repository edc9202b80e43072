"""Inputs and outputs kept through obstore: a local folder, or S3, Google Cloud, Azure by URL."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError

from bot.errors import ArchiveFailed
from bot.ports import Stored
from bot.stores import local_root, open_store

if TYPE_CHECKING:
    from obstore import GetOptions

_KEY = re.compile(r"[a-z0-9][a-z0-9/._-]*", re.ASCII)
_MOST_KEY_CHARACTERS = 512
_MOST_NAME_CHARACTERS = 200  # file systems end at 255, and obstore's staging file needs some
_PIECE_BYTES = 1024 * 1024
_LISTED_AT_ONCE = 1000
_PART_BYTES = 5 * 1024 * 1024  # the smallest part that S3 takes
_LOCAL_PART_BYTES = 1024 * 1024
_PARTS_AT_ONCE = 1  # each costs its size in memory about three times over


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of a stored file without reading it; size in bytes."""

    size: int


class Archive:
    """Files by key, at a URL: a path, `file:///path`, `s3://`, `gs://`, `az://`, `memory:///`.

    A key that is not there is FileNotFoundError, a malformed one ValueError, any other failure
    ArchiveFailed. A reader never sees half a file.
    """

    def __init__(self, url: str) -> None:
        self._root = local_root(url)
        with _failures():
            self._store = open_store(url, self._root)

    async def put(self, key: str, source: Path | bytes, *, content_type: str) -> None:
        """Store bytes, or the file at `source`; it replaces what was there, all at once."""
        _check(key)
        # A folder has no place for a content type: obstore answers NotImplementedError.
        attributes = {"Content-Type": content_type} if self._root is None else None
        with _failures():
            await obstore.put_async(
                self._store,
                key,
                source,
                attributes=attributes,
                chunk_size=_PART_BYTES if self._root is None else _LOCAL_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        if self._root is not None:
            await asyncio.to_thread(_fsync, self._root, key)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The file in pieces of about 1 MiB."""
        async for piece in self._read(key, None):
            yield piece

    async def read_range(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """At most `length` bytes from `start` on; `start` must lie inside the file (see `stat`)."""
        if start < 0 or length < 1:
            raise ValueError(f"no such range: {length} bytes from {start}")
        async for piece in self._read(key, {"range": (start, start + length)}):
            yield piece

    async def fetch(self, key: str, target: Path) -> None:
        """Copy the file to `target`, which is removed again when that fails."""
        try:
            with target.open("wb") as file:
                async for piece in self.open(key):
                    await asyncio.to_thread(file.write, piece)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
            raise

    async def stat(self, key: str) -> Stat | None:
        """None when there is no such file."""
        _check(key)
        try:
            with _failures():
                meta = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return None
        return Stat(meta["size"])

    async def exists(self, key: str) -> bool:
        """Whether the whole file is there."""
        return await self.stat(key) is not None

    async def delete(self, key: str) -> None:
        """Remove the file; gone already is fine."""
        _check(key)
        try:
            with _failures():
                await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def list(self) -> AsyncIterator[Stored]:
        """Every file, in no order."""
        with _failures():
            async for some in obstore.list(self._store, chunk_size=_LISTED_AT_ONCE):
                for meta in some:
                    yield Stored(meta["path"], meta["size"], meta["last_modified"])

    def local_path(self, key: str) -> Path | None:
        """Where the file lies in a local folder, whether or not it is there; None elsewhere."""
        _check(key)
        return None if self._root is None else self._root / key

    async def _read(self, key: str, options: "GetOptions | None") -> AsyncIterator[bytes]:
        """Where a connection breaks off, obstore goes on by itself, while it is the same file."""
        _check(key)
        with _failures():
            found = await obstore.get_async(self._store, key, options=options)
            async for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)


def _check(key: str) -> None:
    names = key.split("/")
    if (
        not _KEY.fullmatch(key)
        or len(key) > _MOST_KEY_CHARACTERS
        or any(not name.strip(".") or ".." in name for name in names)
        or any(len(name) > _MOST_NAME_CHARACTERS for name in names)
    ):
        raise ValueError(f"not a key: {key[:80]!r}")


@contextmanager
def _failures() -> Iterator[None]:
    """Failures of any store as two errors: what is not there, and what did not work."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError("no such file") from None
    except (BaseError, OSError) as error:
        raise ArchiveFailed(str(error).partition("\n")[0]) from error


def _fsync(root: Path, key: str) -> None:
    """Make a file and its names survive a power cut: a row will soon say that it is there."""
    path = root / key
    for each in (path, *(above for above in path.parents if above.is_relative_to(root))):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
