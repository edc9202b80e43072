"""What the page sends beside forms: small JSON documents, and numbers."""

import json

from aiohttp import web

from adapters.playground.guard import Rejection
from adapters.playground.render import Body

MOST_EMOJI = 16
# A member, an emoji: anything longer is no click.
MOST_JSON_BYTES = 10_000
# As many digits as a number of ours may have.
MOST_DIGITS = 15


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def emoji_in(body: Body) -> str:
    emoji = body.get("emoji")
    if not isinstance(emoji, str) or not 0 < len(emoji) <= MOST_EMOJI:
        raise Rejection(400, "There is no emoji.")
    return emoji


async def json_body(request: web.Request) -> Body:
    content = bytearray()
    async for piece in request.content.iter_chunked(MOST_JSON_BYTES):
        content += piece
        if len(content) > MOST_JSON_BYTES:
            raise Rejection(413, "The request is too large.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise Rejection(400, "The request is not JSON.") from None
    if not isinstance(body, dict):
        raise Rejection(400, "The request is not a JSON object.")
    return body
