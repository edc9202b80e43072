"""Files that we make for one person, kept where the page can show them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from urllib.parse import quote

from adapters.playground.render import Body
from bot.errors import ArchiveFailed, ChatError
from bot.ports import Archive
from bot.views import Document

FOLDER = "reports/"


async def keep(archive: Archive, documents: Sequence[Document]) -> list[Body]:
    """Put them under an address that nobody can guess; the page's attachments."""
    folder = f"{FOLDER}{token_hex(16)}"
    with TemporaryDirectory(prefix="dailies-") as name:
        for document in documents:
            path = Path(name, document.name)
            await asyncio.to_thread(path.write_bytes, document.content)
            try:
                key = f"{folder}/{document.name}"
                await archive.put(key, path, content_type=document.content_type)
            except ArchiveFailed as error:
                raise ChatError(f"the archive: {error}") from error
    return [_attachment(folder, document) for document in documents]


def _attachment(folder: str, document: Document) -> Body:
    return {
        "url": f"/media/{quote(f'{folder}/{document.name}')}",
        "name": document.name,
        "alt": document.name,
        "content_type": document.content_type,
        "size": len(document.content),
        "width": None,
        "height": None,
    }
