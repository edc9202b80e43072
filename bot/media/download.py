"""Streaming a file from an address to disk: counted, resumed, checked, and gone when it fails."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from bot.addresses import is_local
from bot.media.errors import DownloadFailed, DownloadReason
from bot.media.sink import Sink
from bot.media.sniff import HEAD_BYTES, FileType, Kind, sniff

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0  # between two pieces
ATTEMPT_SECONDS = 900.0  # against a server that drips
ATTEMPTS = 4
PIECE_BYTES = 256 * 1024

_TIMEOUT = ClientTimeout(
    total=ATTEMPT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS
)
_BROKEN = (ClientError, TimeoutError, ConnectionError)  # a full disk is none of these
_EXPIRED = frozenset({401, 403, 404, 410})
_PASSING = frozenset({408, 416, 425, 429})  # and every 5xx


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file: bytes, hash, and the type that its own bytes tell."""

    size: int
    sha256: str
    content_type: str


@dataclass(slots=True)
class _Progress:
    """What must outlive one attempt."""

    sink: Sink
    max_bytes: int
    expect: Kind | None
    total: int | None = None
    validator: str | None = None
    file_type: FileType | None = None


class _Cut(Exception):
    """The connection ended too early; another attempt may go on from here."""


class _Unavailable(Exception):
    """There was no usable answer; another attempt may get one."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class Downloader:
    """Downloads over https; `allow_loopback` adds http and addresses of this machine.

    `pause` is how long to wait before the second attempt, in seconds; it doubles after each.
    """

    def __init__(
        self, session: ClientSession, *, allow_loopback: bool = False, pause: float = 0.5
    ) -> None:
        self._session = session
        self._allow_loopback = allow_loopback
        self._pause = pause

    async def download(
        self, url: str, target: Path, *, max_bytes: int, expect: Kind | None
    ) -> Downloaded:
        """Stream `url` to `target`; DownloadFailed leaves no file behind."""
        address = self._allowed(url)
        sink = Sink(target)
        try:
            progress = _Progress(sink, max_bytes, expect)
            await self._attempts(address, progress)
            size, digest = await asyncio.to_thread(sink.finish)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(sink.discard))
            raise
        known = progress.file_type
        return Downloaded(size, digest, known.content_type if known else "application/octet-stream")

    def _allowed(self, url: str) -> URL:
        if not (url.isascii() and url.isprintable() and " " not in url):
            raise DownloadFailed(DownloadReason.REFUSED, detail="no address")
        try:
            # A signed address must go out exactly as it came, so nothing may quote it again.
            address = URL(url, encoded=True)
            host = address.host or ""
        except ValueError:
            raise DownloadFailed(DownloadReason.REFUSED, detail="no address") from None
        local = is_local(host)
        if local and self._allow_loopback and address.scheme in {"http", "https"}:
            return address
        if address.scheme != "https" or not host or local or _is_number(host) or address.user:
            raise DownloadFailed(DownloadReason.REFUSED, detail="not an address that we fetch")
        return address

    async def _attempts(self, address: URL, progress: _Progress) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._attempt(address, progress)
            except (_Cut, _Unavailable) as error:
                if attempt == ATTEMPTS:
                    raise _given_up(error, progress) from None
                await asyncio.sleep(self._pause * 2 ** (attempt - 1))
            else:
                return

    async def _attempt(self, address: URL, progress: _Progress) -> None:
        async with self._answer(address, _headers(progress)) as answer:
            await _check_status(answer, progress)
            await _align(answer, progress)
            try:
                await _receive(answer, progress)
            except _BROKEN as error:
                raise _Cut(type(error).__name__) from None
        if progress.total is not None and progress.sink.size < progress.total:
            raise _Cut("the answer was shorter than promised")

    @asynccontextmanager
    async def _answer(
        self, address: URL, headers: Mapping[str, str]
    ) -> AsyncIterator[ClientResponse]:
        try:
            answer = await self._session.get(
                address, headers=headers, allow_redirects=False, timeout=_TIMEOUT
            )
        except (*_BROKEN, OSError) as error:
            raise _Unavailable(type(error).__name__) from None
        try:
            yield answer
        finally:
            answer.close()


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _headers(progress: _Progress) -> dict[str, str]:
    # A compressed answer has another length, and no ranges of the file itself.
    headers = {"Accept-Encoding": "identity"}
    if progress.sink.size:
        headers["Range"] = f"bytes={progress.sink.size}-"
        if progress.validator:
            headers["If-Range"] = progress.validator
    return headers


async def _check_status(answer: ClientResponse, progress: _Progress) -> None:
    status = answer.status
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise DownloadFailed(DownloadReason.REFUSED, status=status, detail="encoded content")
        return
    if status in _EXPIRED:
        raise DownloadFailed(DownloadReason.EXPIRED, status=status)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        await asyncio.to_thread(progress.sink.restart)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _Unavailable("status", status)
    raise DownloadFailed(DownloadReason.REFUSED, status=status)


async def _align(answer: ClientResponse, progress: _Progress) -> None:
    """Go on where the file ends, or start over when the server does not go on there."""
    resumed = answer.status == HTTPStatus.PARTIAL_CONTENT
    if not resumed:
        await asyncio.to_thread(progress.sink.restart)
    promised = answer.content_length
    total = None if promised is None else progress.sink.size + promised
    if resumed and (_range_start(answer) != progress.sink.size or total != progress.total):
        await asyncio.to_thread(progress.sink.restart)
        raise _Unavailable("another range than asked for", answer.status)
    if total is not None and total > progress.max_bytes:
        raise DownloadFailed(DownloadReason.TOO_LARGE, limit=progress.max_bytes, actual=total)
    progress.total, progress.validator = total, _validator(answer)


def _range_start(answer: ClientResponse) -> int | None:
    """The first byte of `bytes 100-199/200` (RFC 9110, section 14.4)."""
    unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
    start = rest.partition("-")[0]
    return int(start) if unit == "bytes" and start.isascii() and start.isdecimal() else None


def _validator(answer: ClientResponse) -> str | None:
    """If-Range takes no weak tag (RFC 9110, section 13.1.5)."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified")


async def _receive(answer: ClientResponse, progress: _Progress) -> None:
    piece = bytearray()
    try:
        async for chunk in answer.content.iter_chunked(PIECE_BYTES):
            piece += chunk
            if progress.sink.size + len(piece) > progress.max_bytes:
                raise DownloadFailed(DownloadReason.TOO_LARGE, limit=progress.max_bytes)
            if len(piece) >= PIECE_BYTES:
                await _keep(piece, progress)
                piece = bytearray()
    except _BROKEN:
        if len(piece) >= HEAD_BYTES or progress.sink.size:
            await _keep(piece, progress)
        raise
    await _keep(piece, progress)


async def _keep(piece: bytearray, progress: _Progress) -> None:
    if progress.sink.size == 0:
        progress.file_type = _checked(sniff(bytes(piece[:HEAD_BYTES])), progress.expect)
    await asyncio.to_thread(progress.sink.write, piece)


def _checked(found: FileType | None, expect: Kind | None) -> FileType | None:
    if expect is not None and (found is None or found.kind != expect):
        name = found.name if found else None
        raise DownloadFailed(DownloadReason.WRONG_TYPE, found=name)
    return found


def _given_up(error: _Cut | _Unavailable, progress: _Progress) -> DownloadFailed:
    if isinstance(error, _Unavailable):
        return DownloadFailed(DownloadReason.UNAVAILABLE, status=error.status, detail=str(error))
    return DownloadFailed(
        DownloadReason.CUT, limit=progress.total, actual=progress.sink.size, detail=str(error)
    )
