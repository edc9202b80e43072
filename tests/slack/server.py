"""A small strict Slack: Web API, uploads, files, Socket Mode. It knows nothing of Dailies."""

import asyncio
import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tests.slack.methods import BOT, BOT_TOKEN, TEAM, Refusal, carry_out

Json = dict[str, Any]


@dataclass
class Faults:
    """What goes wrong: counts are used up, flags stay."""

    limited: Counter[str] = field(default_factory=Counter)  # 429, Retry-After: 1
    lost: Counter[str] = field(default_factory=Counter)  # done, but the connection breaks
    cut: Counter[str] = field(default_factory=Counter)  # not done, and the connection breaks
    broken: Counter[str] = field(default_factory=Counter)  # not done, HTTP 500 with HTML
    half_done: Counter[str] = field(default_factory=Counter)  # the file is known, shared nowhere
    slow: dict[str, asyncio.Event] = field(default_factory=dict)  # done, answered when it is set
    share_after: int = 0  # files.info calls until shares appear
    shares_hidden: bool = False  # shared, but files.info does not say where
    metadata_hidden: bool = False
    sockets_refused: bool = False
    too_large: int = 0  # uploads that are refused for their size
    uploads_refused: str = ""  # the code with which every upload is refused
    login_page: bool = False
    redirect_files: bool = False
    not_acknowledged: bool = False
    token_refused: str = ""  # the code with which every call of the bot is refused


@dataclass
class Call:
    """A call of the Web API, as it came; `at` in seconds."""

    method: str
    arguments: Json
    at: float
    ok: bool = True


class SlackServer:
    """State is plain and public: tests look at it."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.calls: list[Call] = []
        self.users: dict[str, Json] = {BOT: {"id": BOT, "is_bot": True, "team_id": TEAM}}
        self.groups: dict[str, list[str]] = {}
        self.channels: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self.ephemeral: list[Json] = []
        self.responses: list[Json] = []
        self.views: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.uploads: dict[str, Json] = {}
        self.fetched: list[Json] = []
        self.acks: list[float] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._wires: list[asyncio.Transport] = []
        self.tickets: set[str] = set()
        self.url = ""
        self.changed = asyncio.Condition()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.tokens = {BOT_TOKEN: TEAM}
        self.elsewhere: str = ""
        self.triggers: dict[str, float] = {}
        self.errors: list[str] = []
        self.scopes: str | None = None  # as `x-oauth-scopes` of every answer

    def number(self) -> int:
        return next(self._numbers)

    def trigger(self) -> str:
        """A new trigger: good for one form, and for three seconds."""
        trigger = f"{self.number()}.trigger"
        self.triggers[trigger] = time.monotonic()
        return trigger

    def ts(self) -> str:
        """A new message's: its moment, and unlike any other."""
        return f"{int(time.time() * 1000) / 1000:.3f}{self.number() % 1000:03d}"

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 31)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/files/{id}/{name}", self._file)
        app.router.add_get("/cdn/{id}/{name}", self._file)
        app.router.add_post("/response/{id}", self._response)
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    def called(self, method: str) -> list[Json]:
        """The arguments of every call of a method that was carried out."""
        return [call.arguments for call in self.calls if call.method == method and call.ok]

    async def touch(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def send(self, kind: str, payload: Json, **more: Any) -> Json:
        """An envelope over the newest socket; its acknowledgement, within three seconds."""
        envelope = f"env{self.number()}"
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.sockets)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = answer
        body = {"type": kind, "envelope_id": envelope, "payload": payload, **more}
        body["accepts_response_payload"] = True
        begun = time.monotonic()
        await self.sockets[-1].send_str(json.dumps(body))
        async with asyncio.timeout(3):
            acknowledged = await answer
        self.acks.append(time.monotonic() - begun)
        return acknowledged

    def cut(self) -> bool:
        """Break every socket without a word; False when there is none."""
        for wire in self._wires:
            wire.abort()
        return bool(self._wires)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        ticket = request.query["ticket"]
        if ticket not in self.tickets or self.faults.sockets_refused:
            raise web.HTTPForbidden
        self.tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        wire = request.transport
        assert isinstance(wire, asyncio.Transport)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self.sockets.append(socket)
        self._wires.append(wire)
        await self.touch()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    answer = json.loads(message.data)
                    waiting = self._waiting.pop(answer.get("envelope_id", ""), None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(answer)
        finally:
            self.sockets.remove(socket)
            self._wires.remove(wire)
        return socket

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        call = Call(method, arguments, time.monotonic())
        self.calls.append(call)
        if self.faults.limited[method] > 0:
            self.faults.limited[method] -= 1
            call.ok = False
            answer = {"ok": False, "error": "ratelimited"}
            return web.json_response(answer, status=429, headers={"Retry-After": "1"})
        if self.faults.broken[method] > 0:
            self.faults.broken[method] -= 1
            call.ok = False
            return web.Response(status=500, text="<html>oops</html>", content_type="text/html")
        if self.faults.cut[method] > 0:
            self.faults.cut[method] -= 1
            call.ok = False
            _abort(request)
            return web.Response()
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            answer = carry_out(self, method, token, arguments)
        except Refusal as error:
            call.ok = False
            answer = {"ok": False, "error": str(error)}
        except Exception as error:
            self.errors.append(f"{method}: {error!r}")
            raise
        await self.touch()
        if answer["ok"] and method in self.faults.slow:
            await self.faults.slow[method].wait()
        if answer["ok"] and self.faults.lost[method] > 0:
            self.faults.lost[method] -= 1
            _abort(request)
        headers = {} if self.scopes is None else {"x-oauth-scopes": self.scopes}
        return web.json_response(answer, headers=headers)

    async def _upload(self, request: web.Request) -> web.Response:
        upload = self.uploads[request.match_info["id"]]
        if "upload" in self.faults.slow:
            upload["begun"] = True
            await self.faults.slow["upload"].wait()
        content = await request.read()
        if request.content_length != upload["length"] or len(content) != upload["length"]:
            return web.Response(status=400, text="length")
        upload["content"] = content
        return web.Response(text=f"OK - {len(content)}")

    async def _file(self, request: web.Request) -> web.Response:
        file = self.files[request.match_info["id"]]
        token = request.headers.get("Authorization")
        self.fetched.append({"path": request.path, "token": token, "host": request.host})
        if request.path.startswith("/files/"):
            if token != f"Bearer {BOT_TOKEN}" or self.faults.login_page:
                page = "<!DOCTYPE html><html><body>Sign in to Slack</body></html>"
                return web.Response(text=page, content_type="text/html")
            if self.faults.redirect_files:
                to = f"{self.elsewhere or self.url}/cdn/{file['id']}/{file['name']}"
                raise web.HTTPFound(to)
        return web.Response(body=file["content"], content_type=file["mimetype"])

    async def _response(self, request: web.Request) -> web.Response:
        self.responses.append({"id": request.match_info["id"], **await request.json()})
        await self.touch()
        return web.Response(text="ok")


def _abort(request: web.Request) -> None:
    """Break the connection, unless who asked has broken it."""
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()


async def _arguments(request: web.Request) -> Json:
    """Arguments come in the query, in a form or as JSON; nested ones as JSON text in the former."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given.update(await request.json())
    elif request.can_read_body:
        given.update({name: str(value) for name, value in (await request.post()).items()})
    for name in ("blocks", "metadata", "view", "files"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


async def post_signed(
    session: aiohttp.ClientSession, url: str, body: str, content_type: str, headers: Json
) -> tuple[int, str]:
    headers = {"Content-Type": content_type, **headers}
    async with session.post(url, data=body.encode(), headers=headers) as response:
        return response.status, await response.text()
