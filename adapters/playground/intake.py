"""A command as the page posts it: form fields, and attachments that go straight to disk."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from adapters.playground.guard import Rejection
from bot.commands.invocations import MOST_FILES, SentFile
from bot.errors import UnusableFile
from bot.requests import MOST_FILE_BYTES

# What a file is, only its bytes say: until they are here, it may be of the kind that may be largest.
MOST_BYTES = max(MOST_FILE_BYTES.values())
# What is listened to before the connection is ended: a file that is too large by mistake.
MOST_READ_BYTES = 2_000_000_000
MOST_FIELD_BYTES = 64_000
MOST_FIELDS = 10
PIECE_BYTES = 256 * 1024


@dataclass
class Posted:
    """The form's fields and files; the files lie in the folder that was given.

    `too_large` is a file that was let go by, so that whoever sends it hears the answer.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: list[SentFile] = field(default_factory=list)
    too_large: UnusableFile | None = None


async def read_form(request: web.Request, folder: Path) -> Posted:
    """Take the form apart while it arrives; raises Rejection."""
    if not request.content_type.startswith("multipart/"):
        raise Rejection(415, "Send the command as a multipart form.")
    posted = Posted()
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise Rejection(400, "The form has a part without a name.")
            if part.name == "attachment":
                await _take_file(part, posted, folder)
                if request.content.total_bytes > MOST_READ_BYTES:
                    return posted
            elif len(posted.fields) < MOST_FIELDS:
                posted.fields[part.name] = await _take_field(part)
            else:
                raise Rejection(400, "The form has too many fields.")
    except (ValueError, HttpProcessingError) as error:
        raise Rejection(400, "The form cannot be read.") from error
    return posted


async def _take_field(part: BodyPartReader) -> str:
    content = bytearray()
    while piece := await part.read_chunk():
        content += piece
        if len(content) > MOST_FIELD_BYTES:
            raise Rejection(413, "That text is too long.")
    return content.decode()


async def _take_file(part: BodyPartReader, posted: Posted, folder: Path) -> None:
    # A browser sends an empty nameless part for an empty file field.
    name = Path(part.filename or "").name
    if len(posted.files) >= MOST_FILES:
        raise Rejection(413, f"{MOST_FILES} files are the most for one command.")
    path = folder / f"attachment{len(posted.files)}"
    size = 0
    with path.open("wb") as file:
        while piece := await part.read_chunk(PIECE_BYTES):
            size += len(piece)
            if size <= MOST_BYTES:
                await asyncio.to_thread(file.write, piece)
                continue
            # A browser reads no answer before it has sent all: the rest goes by, and not to disk.
            if posted.too_large is None:
                posted.too_large = UnusableFile(name, "too_large", limit=MOST_BYTES)
                await asyncio.to_thread(file.truncate, 0)
            if size > MOST_READ_BYTES:
                return
    if name or size:
        posted.files.append(SentFile(path, name or "attachment"))
