"""Files that go in and come out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from bot.requests import Kind, Media


class Library(Protocol):
    """Files that go in and come out, looked into and kept in the archive."""

    async def look_into(self, path: Path, name: str, stem: str) -> Media:
        """What a person sent, with the key it will have (`stem` and its true extension).

        Nothing is kept yet. Raises UnusableFile.
        """
        ...

    async def keep(self, media: Media, path: Path) -> None:
        """Put a file that was looked into where its key says."""
        ...

    async def discard(self, media: Media) -> None: ...

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        """Stream an output into the archive; `key` and `name` get its true extension.

        Raises OutputExpired or OutputUnavailable.
        """
        ...


class Archive(Protocol):
    """Files that we keep, by key; one that is not there is FileNotFoundError."""

    async def put(self, key: str, source: Path, *, content_type: str) -> None: ...
    async def fetch(self, key: str, target: Path) -> None: ...
    async def delete(self, key: str) -> None: ...
    def open(self, key: str) -> AsyncIterator[bytes]: ...
    def local_path(self, key: str) -> Path | None: ...
