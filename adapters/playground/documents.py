"""Files that we make for one person, kept where the page can show them."""

from collections.abc import Sequence
from secrets import token_hex
from urllib.parse import quote

from adapters.playground.render import Body
from bot.errors import ArchiveFailed, ChatError
from bot.ports import Archive
from bot.views import Document

FOLDER = "reports/"


async def keep(archive: Archive, documents: Sequence[Document]) -> list[Body]:
    """Put them under an address that nobody can guess; the page's attachments."""
    folder = f"{FOLDER}{token_hex(16)}"
    for document in documents:
        try:
            await archive.put(
                f"{folder}/{document.name}", document.content, content_type=document.content_type
            )
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
