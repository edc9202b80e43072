"""Slack over HTTP: signed requests at /slack/events, and the pages of OAuth."""

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from adapters.slack.manifest import EVENTS_PATH

# Slack's own payloads end far below.
MOST_BODY_BYTES = 1_000_000
# Seconds since 1970; Python takes a number of thousands of digits for an attack, and raises.
MOST_DIGITS = 15


class Events:
    """Checks who sends, and gives Bolt what was sent."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app = app
        # Also refuses what is older than five minutes, or from the future.
        self._verifier = SignatureVerifier(signing_secret)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post(EVENTS_PATH, self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await _read(request)
        if not self._is_signed(request, raw):
            return web.json_response({"error": "invalid request"}, status=401)
        try:
            payload = _payload(raw.decode(), request.content_type)
        except ValueError:
            return web.json_response({"error": "the request cannot be read"}, status=400)
        names = ("x-slack-retry-num", "x-slack-retry-reason")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        # Bolt's own parser loses a command whose text has the word "payload" in it, so it is given
        # what Socket Mode would give it.
        bolt_request = AsyncBoltRequest(body=payload, headers=dict(headers), mode="socket_mode")
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))

    def _is_signed(self, request: web.Request, raw: bytes) -> bool:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MOST_DIGITS
        if not (is_number and signature.isascii()):
            return False
        return self._verifier.is_valid(raw, timestamp, signature)


def add_oauth_routes(app: web.Application, bolt: AsyncApp) -> None:
    """The pages on which a workspace installs the bot."""
    flow = bolt.oauth_flow
    if flow is None:
        return

    async def install(request: web.Request) -> web.StreamResponse:
        answer = await flow.handle_installation(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    async def come_back(request: web.Request) -> web.StreamResponse:
        answer = await flow.handle_callback(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    app.router.add_get(flow.install_path, install)
    app.router.add_get(flow.redirect_uri_path, come_back)


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(65536):
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BODY_BYTES, len(body))
    return bytes(body)


def _payload(text: str, content_type: str) -> dict[str, Any]:
    """An event is JSON, a command is a form, and an interaction is JSON in a form."""
    if content_type == "application/json" or text.startswith("{"):
        payload = json.loads(text)
    else:
        form = dict(parse_qsl(text, keep_blank_values=True))
        payload = json.loads(form["payload"]) if "payload" in form else form
    if not isinstance(payload, dict):
        raise ValueError("not an object")
    return payload
