"""The gateway: sessions that can be dropped, resumed and refused."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.discord import objects
from tests.discord.objects import Object


@dataclass
class Session:
    """What one identify began: events by number, kept for a RESUME."""

    id: str
    sequence: int = 0
    sent: list[Object] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    resumable: bool = True


class Gateway:
    """Serves `/gateway`; one session at a time is alive."""

    def __init__(self, token: str, changed: Callable[[], Awaitable[None]]) -> None:
        self.token = token
        self._changed = changed
        self.url = ""
        self.session: Session | None = None
        self.identifies = 0
        self.resumes = 0
        self.intents = 0
        self.hold = False  # no connection is taken while this is set
        self.hello: list[Object] = []
        self.bot: Object = {}
        self.guild: Object = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.hold:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._take(socket, json.loads(frame.data))
                await self._changed()
        return socket

    async def dispatch(self, event: str, data: Any) -> None:
        """Tell the bot of an event, now or when it resumes."""
        session = self.session
        if session is None:
            return
        session.sequence += 1
        frame = {"op": 0, "t": event, "s": session.sequence, "d": data}
        session.sent.append(frame)
        if session.socket is not None and not session.socket.closed:
            await session.socket.send_json(frame)

    async def drop(self, *, resumable: bool) -> None:
        """Break the connection as a network does."""
        session = self.session
        assert session is not None
        session.resumable = resumable
        socket, session.socket = session.socket, None
        if socket is not None:
            await socket.close(code=4000)

    async def _take(self, socket: web.WebSocketResponse, frame: Object) -> None:
        if frame["op"] == 1:
            await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
        elif frame["op"] == 2:
            await self._identify(socket, frame["d"])
        elif frame["op"] == 6:
            await self._resume(socket, frame["d"])

    async def _identify(self, socket: web.WebSocketResponse, data: Object) -> None:
        self.identifies += 1
        if data["token"] != self.token:
            await socket.close(code=4004)
            return
        self.intents = data["intents"]
        self.session = Session(secrets.token_hex(8), socket=socket)
        shard = data.get("shard", [0, 1])
        ready = {
            "v": 10, "user": self.bot, "session_id": self.session.id, "shard": shard,
            "resume_gateway_url": self.url, "session_type": "normal",
            "guilds": [{"id": objects.GUILD, "unavailable": True}],
            "application": {"id": objects.APPLICATION, "flags": 0},
        }  # fmt: skip
        await self.dispatch("READY", ready)
        await self.dispatch("GUILD_CREATE", self.guild)

    async def _resume(self, socket: web.WebSocketResponse, data: Object) -> None:
        self.resumes += 1
        session = self.session
        if session is None or session.id != data["session_id"] or not session.resumable:
            await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
            return
        session.socket = socket
        for frame in [f for f in session.sent if f["s"] > data["seq"]]:
            await socket.send_json(frame)
        await self.dispatch("RESUMED", {})

    async def close(self) -> None:
        if self.session is not None and self.session.socket is not None:
            await asyncio.shield(self.session.socket.close(code=1001))
