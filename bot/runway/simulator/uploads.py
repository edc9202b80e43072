"""POST /v1/uploads, and the storage that the second leg of an upload goes to."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from aiohttp import BodyPartReader, web
from pydantic import Field

from bot.runway.simulator import simulator
from bot.runway.simulator.fields import Part
from bot.runway.simulator.folder import Upload
from bot.runway.simulator.refusals import Issue, Refusal, checked, invalid
from bot.runway.simulator.simulator import Simulator
from bot.runway.simulator.wire import origin_of, read_json

SMALLEST, LARGEST = 512, 200 * 1024 * 1024
LONGEST_FIELD = 64 * 1024
# https://docs.dev.runwayml.com/assets/inputs
ENDINGS = frozenset(
    {
        *(".jpg", ".jpeg", ".png", ".webp"),
        *(".mp4", ".mov", ".mkv", ".webm", ".3gp", ".ogv"),
        *(".mp3", ".wav", ".flac", ".m4a", ".aac"),
    }
)


class UploadBody(Part):
    filename: Annotated[str, Field(min_length=3, max_length=255)]
    type: Literal["ephemeral"]


async def create_upload(request: web.Request) -> web.Response:
    """Promise a place for a file; its URI is of no use until the file arrived."""
    here = simulator.of(request)
    body = _parse(await read_json(request))
    id = secrets.token_hex(24)
    fields = {
        "key": f"ephemeral/{id}",
        "policy": secrets.token_urlsafe(96),
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-signature": secrets.token_hex(32),
    }
    here.folder.save_upload(
        Upload(id=id, filename=body.filename, created=here.now(), fields=fields)
    )
    address = f"{origin_of(request)}/uploads/{id}"
    return web.json_response(
        {"uploadUrl": address, "fields": fields, "runwayUri": f"runway://{id}"}
    )


def _parse(document: object) -> UploadBody:
    body = checked(UploadBody, document)
    if Path(body.filename).suffix.lower() not in ENDINGS:
        message = "Unsupported file extension: expected an image, video or audio file"
        raise invalid(Issue("custom", ("filename",), message))
    return body


async def receive(request: web.Request) -> web.Response:
    """Take the multipart form of the second leg, as an S3 bucket does: the file comes last."""
    here = simulator.of(request)
    upload = here.folder.upload(request.match_info["id"])
    if upload is None:
        raise Refusal(403, "AccessDenied: no such upload")
    if request.content_length is None:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
        raise Refusal(411, "MissingContentLength: chunked transfer is not supported")
    if request.content_type != "multipart/form-data":
        raise Refusal(400, "The body must be multipart/form-data")
    try:
        size = await _take_form(here, request, upload)
    except ValueError:
        raise Refusal(400, "MalformedPOSTRequest: not well-formed multipart/form-data") from None
    here.folder.save_upload(upload.model_copy(update={"size": size}))
    return web.Response(status=204)


async def _take_form(here: Simulator, request: web.Request, upload: Upload) -> int:
    form: dict[str, str] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise Refusal(400, "MalformedPOSTRequest: every part needs a name")
        if part.name == "file":
            _check_form(form, upload.fields)
            return await _take_file(here, part, here.folder.upload_file(upload))
        form[part.name] = (await _read_some(part, LONGEST_FIELD)).decode(errors="replace")
    raise Refusal(400, "InvalidArgument: POST requires exactly one file, after all other fields")


def _check_form(form: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    if missing := sorted(set(wanted) - set(form)):
        raise Refusal(400, f"InvalidArgument: missing before `file`: {', '.join(missing)}")
    if any(form[name] != value for name, value in wanted.items()):
        raise Refusal(403, "AccessDenied: a form field does not match the policy")
    if extra := sorted(set(form) - set(wanted) - {"metadata"}):
        raise Refusal(403, f"AccessDenied: extra input fields: {', '.join(extra)[:200]}")


async def _read_some(part: BodyPartReader, most: int) -> bytes:
    content = b""
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > most:
            raise Refusal(400, "MaxPostPreDataLengthExceeded: a form field is too long")
    return content


async def _take_file(here: Simulator, part: BodyPartReader, to: Path) -> int:
    draft = here.folder.new_file()
    try:
        with draft.open("wb") as file:
            size = 0
            while chunk := await part.read_chunk(1024 * 1024):
                size += len(chunk)
                if size > LARGEST:
                    raise Refusal(400, f"EntityTooLarge: at most {LARGEST} bytes")
                await asyncio.to_thread(file.write, chunk)
        if size < SMALLEST:
            raise Refusal(400, f"EntityTooSmall: at least {SMALLEST} bytes")
        os.replace(draft, to)
    finally:
        draft.unlink(missing_ok=True)
    return size
