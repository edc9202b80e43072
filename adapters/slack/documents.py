"""Files that we make for one person: shown in our own conversation with them, nowhere else."""

from collections.abc import Sequence

import aiohttp

from adapters.slack.addresses import Addresses
from adapters.slack.api import SlackApi
from bot.errors import ChatError
from bot.views import Document

_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)


class Documents:
    """Uploads small files; they are not looked for again when nobody knows whether it worked."""

    def __init__(self, addresses: Addresses, session: aiohttp.ClientSession) -> None:
        self._addresses = addresses
        self._session = session

    async def share(self, api: SlackApi, channel: str, documents: Sequence[Document]) -> None:
        """Upload them and share them in a conversation; raises ChatError."""
        files = []
        for document in documents:
            place = await api.ask(
                "files.getUploadURLExternal",
                filename=document.name,
                length=len(document.content),
            )
            await self._send(str(place["upload_url"]), document)
            files.append({"id": str(place["file_id"]), "title": document.name})
        await api.once("files.completeUploadExternal", files=files, channel_id=channel)

    async def _send(self, url: str, document: Document) -> None:
        try:
            async with self._session.post(
                self._addresses.upload(url),
                data=document.content,
                headers={"Content-Type": "application/octet-stream"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise ChatError(f"upload: HTTP {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatError(f"upload: {type(error).__name__}") from error
