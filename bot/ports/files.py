"""Files that go in and come out."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.requests import Fit, Kind, Media


class Library(Protocol):
    """Files that go in and come out, looked into and kept in the archive."""

    async def look_into(self, path: Path, name: str, stem: str) -> Media:
        """What a person sent, with the key it will have (`stem` and its true extension).

        Nothing is kept yet. Raises UnusableFile.
        """
        ...

    async def adapt(self, media: Media, path: Path, fit: Fit) -> Media:
        """Make the file at `path` acceptable, in its place; what it has become.

        Images always lose their metadata. Raises UnusableFile.
        """
        ...

    async def adapt_kept(self, media: Media, fit: Fit, stem: str) -> Media:
        """Make a copy of a kept file acceptable and keep it under `stem`; the file itself stays."""
        ...

    async def last_frame(self, media: Media, stem: str) -> Media:
        """The last picture of a kept video, kept as an image under `stem`."""
        ...

    async def keep(self, media: Media, path: Path) -> None:
        """Put a file that was looked into where its key says."""
        ...

    async def has(self, media: Media) -> bool:
        """Whether a file is still kept; where the archive does not say, it may be."""
        ...

    async def describe(self, media: Media, facts: Mapping[str, object]) -> None:
        """Write down where an output comes from, beside it."""
        ...

    async def discard(self, media: Media) -> None:
        """Remove what nobody needs; an archive that keeps it all the same undoes nothing else."""
        ...

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        """Stream an output into the archive; `key` and `name` get its true extension.

        Raises OutputExpired, OutputUnavailable, OutputUnusable or ArchiveFailed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as the archive lists it; size in bytes, `at` (UTC) is when it was put there."""

    key: str
    size: int
    at: datetime


class Archive(Protocol):
    """Files that we keep, by key; one that is not there is FileNotFoundError."""

    async def put(self, key: str, source: Path | bytes, *, content_type: str) -> None: ...
    async def fetch(self, key: str, target: Path) -> None: ...
    async def exists(self, key: str) -> bool: ...
    async def delete(self, key: str) -> None: ...
    def list(self) -> AsyncIterator[Stored]: ...
    def open(self, key: str) -> AsyncIterator[bytes]: ...
    def local_path(self, key: str) -> Path | None: ...


class Reduction(StrEnum):
    """What was done to an output so that a channel takes it."""

    NONE = "none"
    CONVERTED = "converted"  # it would not have played there
    COMPRESSED = "compressed"
    POSTER = "poster"  # a picture stands for the video
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Fitted:
    """An output as a channel takes it: `media` is in the archive, None when nothing can be shown.

    `link` leads to the original for a while, where people can reach our web server.
    """

    original: Media
    media: Media | None
    reduction: Reduction = Reduction.NONE
    link: str | None = None


class Fitter(Protocol):
    """The delivery ladder: as it is, else re-encoded, else a picture; never an exception."""

    async def fit(self, media: Media, limit: int) -> Fitted:
        """The best of `media` in at most `limit` bytes that plays in a chat."""
        ...

    async def poster(self, media: Media) -> Fitted:
        """A small picture that stands for `media`, for a chat that took nothing else."""
        ...
