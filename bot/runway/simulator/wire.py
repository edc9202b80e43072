"""What every request goes through: the key, the version header, JSON in and JSON errors out."""

import asyncio
import json
import re

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.runway.simulator import simulator
from bot.runway.simulator.refusals import Refusal

VERSION = "2024-11-06"
_KEY = re.compile(r"Bearer key_[0-9a-f]{128}")
LARGEST_BODY = 64 * 1024 * 1024


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as the API does, and note it in the books."""
    try:
        return await handler(request)
    except Refusal as refusal:
        answer: web.Response = _answer(refusal)
        error = refusal.error
    except web.HTTPException as error_page:
        if error_page.status < 400:
            raise
        error = error_page.reason
        answer = web.json_response({"error": error}, status=error_page.status)
        if allowed := error_page.headers.get("Allow"):
            answer.headers["Allow"] = allowed
    here = simulator.of(request)
    at = here.settings.now()
    entry = {"method": request.method, "path": request.path, "at": at}
    here.books.refused.append({**entry, "status": answer.status, "error": error})
    return answer


def _answer(refusal: Refusal) -> web.Response:
    if refusal.html:
        title = f"{refusal.status} {refusal.error}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return web.Response(status=refusal.status, text=page, content_type="text/html")
    return web.json_response(refusal.document(), status=refusal.status)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only known keys and the one version through to /v1; 404 and 405 come first."""
    known = request.match_info.http_exception is None
    if known and request.path.startswith("/v1/"):
        if not _KEY.fullmatch(request.headers.get("Authorization", "")):
            raise Refusal(401, "Missing or invalid API key: expected `Bearer key_…`")
        if request.headers.get("X-Runway-Version") != VERSION:
            raise Refusal(400, f"The X-Runway-Version header must be {VERSION}")
    return await handler(request)


async def read_json(request: web.Request) -> object:
    """The JSON body of a request. Raises the 400 for anything else."""
    if request.content_type != "application/json":
        raise Refusal(400, "Content-Type must be application/json")
    raw = await request.read()
    try:
        return await asyncio.to_thread(_parse, raw)
    except (ValueError, RecursionError):
        raise Refusal(400, "The request body is not valid JSON") from None


def _parse(raw: bytes) -> object:
    document = json.loads(raw.decode(), parse_constant=_refuse_constant)
    json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    return document


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are Python's JSON, not JSON


def origin_of(request: web.Request) -> str:
    """The address that the client used for us, without a path."""
    return f"{request.scheme}://{request.host}"
