"""Files from people and from Runway: looked into, then kept in the archive."""

from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot import errors
from bot.media.download import Downloader
from bot.media.errors import DownloadFailed, DownloadReason, Reason, UnusableFile
from bot.media.inspect import DEFAULT_LIMITS, Limits, MediaInfo, inspect
from bot.ports import Archive
from bot.requests import Kind, Media
from bot.text import mended

log = structlog.get_logger()

# Far above what any model makes today, and far below what fills a disk unnoticed.
MOST_OUTPUT_BYTES = 2_000_000_000
# Our own outputs may be larger than what we take from people.
OUTPUT_LIMITS = Limits(
    image_bytes=MOST_OUTPUT_BYTES, video_bytes=MOST_OUTPUT_BYTES, pixels=160_000_000
)


class MediaLibrary:
    """Implements bot.ports.Library."""

    def __init__(
        self, archive: Archive, downloader: Downloader, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._archive = archive
        self._downloader = downloader
        self._limits = limits

    async def look_into(self, path: Path, name: str, stem: str) -> Media:
        """What a person sent, with the key it will have; raises UnusableFile."""
        try:
            info = await inspect(path, name, limits=self._limits)
        except UnusableFile as error:
            log.info("unusable file", reason=str(error))
            reason = Reason.UNDECODABLE if error.reason in _DAMAGED else error.reason
            limit = None if error.limit is None else int(error.limit)
            raise errors.UnusableFile(name, reason, error.found, limit) from error
        return _media(info, f"{stem}.{info.extension}", mended(name))

    async def keep(self, media: Media, path: Path) -> None:
        """Put a file that was looked into where its key says."""
        await self._archive.put(media.key, path, content_type=media.content_type)

    async def discard(self, media: Media) -> None:
        await self._archive.delete(media.key)

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        """Stream an output into the archive; raises OutputExpired or OutputUnavailable."""
        with TemporaryDirectory(prefix="dailies-") as folder:
            path = Path(folder, "output")
            await self._download(url, path, kind)
            try:
                info = await inspect(path, path.name, limits=OUTPUT_LIMITS)
            except UnusableFile as error:
                raise errors.OutputUnavailable(str(error)) from error
            media = _media(info, f"{key}.{info.extension}", f"{name}.{info.extension}")
            await self.keep(media, path)
        return media

    async def _download(self, url: str, path: Path, kind: Kind) -> None:
        try:
            await self._downloader.download(
                url, path, max_bytes=MOST_OUTPUT_BYTES, expect=kind.value
            )
        except DownloadFailed as error:
            if error.reason is DownloadReason.EXPIRED:
                raise errors.OutputExpired(str(error)) from error
            raise errors.OutputUnavailable(str(error)) from error


# Reasons for which a person can do the same: send another file.
_DAMAGED = (Reason.NO_VIDEO, Reason.ENCRYPTED)


def _media(info: MediaInfo, key: str, name: str) -> Media:
    return Media(
        key=key,
        kind=Kind(info.kind),
        content_type=info.content_type,
        size=info.size,
        sha256=info.sha256,
        name=name,
        width=info.width,
        height=info.height,
        duration=info.duration,
        frames=info.frames,
    )
