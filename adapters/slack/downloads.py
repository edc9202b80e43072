"""Private files from Slack to our disk: fetched with the token, which goes to Slack's files host only."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from yarl import URL

from adapters.slack import words
from adapters.slack.addresses import Addresses
from adapters.slack.api import SlackApi
from adapters.slack.errors import SlackRefused, Told
from bot.commands.invocations import MOST_FILES, SentFile
from bot.errors import ChatError, UnusableFile
from bot.requests import MOST_FILE_BYTES

log = structlog.get_logger()

# What a file is, only its bytes say: until they are here, it may be of the kind that may be largest.
MOST_BYTES = max(MOST_FILE_BYTES.values())
PIECE_BYTES = 256 * 1024
MOST_REDIRECTS = 5
_TIMEOUT = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=30)
_REDIRECTS = (301, 302, 303, 307, 308)

SlackFile = Mapping[str, Any]


class Downloads:
    """Fetches what people attached; raises Told, UnusableFile or ChatError."""

    def __init__(
        self,
        addresses: Addresses,
        session: aiohttp.ClientSession,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._addresses = addresses
        self._session = session
        self._most_bytes = most_bytes

    async def fetch(
        self, api: SlackApi, files: Sequence[SlackFile], folder: Path
    ) -> list[SentFile]:
        """The files in a folder, in their order."""
        if len(files) > MOST_FILES:
            raise Told(words.too_many_files(MOST_FILES))
        sent = []
        for number, stub in enumerate(files):
            file = await self._whole(api, stub)
            path = folder / f"attachment{number}"
            await self._download(api, file, path)
            sent.append(SentFile(path, _name(file)))
        return sent

    async def _whole(self, api: SlackApi, file: SlackFile) -> SlackFile:
        """The file with its address; shared channels and old events send a stub."""
        if file.get("file_access") != "check_file_info" and _address(file) is not None:
            return file
        try:
            found = (await api.read("files.info", file=file.get("id"))).get("file")
        except SlackRefused as error:
            if error.code not in ("file_not_found", "file_deleted", "access_denied"):
                raise
            raise Told(words.file_lost(_name(file))) from error
        if not isinstance(found, Mapping) or _address(found) is None:
            raise Told(words.file_lost(_name(file)))
        return found

    async def _download(self, api: SlackApi, file: SlackFile, path: Path) -> None:
        if isinstance(file.get("size"), int):
            self._check_size(file["size"], file)
        try:
            address = self._addresses.file(_address(file) or "")
        except ChatError as error:
            raise Told(words.file_elsewhere(_name(file))) from error
        try:
            await self._follow(api.token, address, file, path)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatError(f"file: {type(error).__name__}") from error

    async def _follow(self, token: str, first: URL, file: SlackFile, path: Path) -> None:
        address = first
        for _ in range(MOST_REDIRECTS + 1):
            # The token is for the first host: wherever that sends us is none of its business.
            known = address.origin() == first.origin()
            headers = {"Authorization": f"Bearer {token}"} if known else {}
            async with self._session.get(
                address, headers=headers, allow_redirects=False, timeout=_TIMEOUT
            ) as answer:
                if answer.status not in _REDIRECTS:
                    return await self._receive(answer, file, path)
                address = self._addresses.redirect(
                    address.join(URL(answer.headers.get("Location", ""), encoded=True))
                )
        raise ChatError("file: too many redirects", permanent=True)

    async def _receive(self, answer: aiohttp.ClientResponse, file: SlackFile, path: Path) -> None:
        _check_answer(answer, file)
        self._check_size(answer.content_length or 0, file)
        size = 0
        with path.open("wb") as target:
            async for piece in answer.content.iter_chunked(PIECE_BYTES):
                if not size and _is_page(piece):
                    raise Told(words.file_not_given(_name(file)))
                size += len(piece)
                self._check_size(size, file)
                await asyncio.to_thread(target.write, piece)

    def _check_size(self, size: int, file: SlackFile) -> None:
        if size > self._most_bytes:
            raise UnusableFile(_name(file), "too_large", limit=self._most_bytes)


def _check_answer(answer: aiohttp.ClientResponse, file: SlackFile) -> None:
    if answer.status in (401, 403) or answer.content_type == "text/html":
        # Without the right to read files Slack answers 200 with its page to sign in.
        log.warning("a page instead of a file", status=answer.status, file=file.get("id"))
        raise Told(words.file_not_given(_name(file)))
    if answer.status in (404, 410):
        raise Told(words.file_lost(_name(file)))
    if answer.status != 200:
        raise ChatError(f"file: HTTP {answer.status}")


def _is_page(start: bytes) -> bool:
    head = start[:64].lstrip().lower()
    return head.startswith((b"<!doctype html", b"<html"))


def _address(file: SlackFile) -> str | None:
    address = file.get("url_private_download") or file.get("url_private")
    return address if isinstance(address, str) else None


def _name(file: SlackFile) -> str:
    return str(file.get("name") or file.get("title") or "attachment")
