"""The gateway: sessions of shards that can be dropped, resumed and refused."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.ports import Clock
from tests.discord import objects
from tests.discord.objects import Object

# https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
IDENTIFY_SECONDS = 5.0


@dataclass
class Session:
    """What one identify began: events by number, kept for a RESUME."""

    id: str
    shard: int
    sequence: int = 0
    sent: list[Object] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    resumable: bool = True


class Gateway:
    """Serves `/gateway`; one session of each shard is alive."""

    def __init__(self, token: str, clock: Clock, changed: Callable[[], Awaitable[None]]) -> None:
        self.token = token
        self._clock = clock
        self._changed = changed
        self.url = ""
        self.bot: Object = {}
        self.guilds: list[Object] = []
        # What `/gateway/bot` says.
        self.shards, self.remaining, self.max_concurrency = 1, 990, 1
        self.reset_after = 1000
        # Faults: connections that fail, and `d` of the op 9 that answers the next identifies.
        self.hold = False
        self.turned_away = 0
        self.invalid: list[bool] = []
        # What has happened.
        self.sessions: dict[int, Session] = {}
        self.identified: list[tuple[int, int]] = []  # shard, and how many there are in all
        self.too_early = 0
        self.resumes = 0
        self.intents = 0
        self._latest: dict[int, float] = {}
        self._wires: dict[web.WebSocketResponse, asyncio.Transport] = {}

    @property
    def session(self) -> Session | None:
        return next(iter(self.sessions.values()), None)

    @property
    def identifies(self) -> int:
        return len(self.identified)

    def is_listened_to(self) -> bool:
        """Whether every session has its connection."""
        sessions = self.sessions.values()
        return bool(sessions) and all(s.socket and not s.socket.closed for s in sessions)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.hold:
            self.turned_away += 1
            await self._changed()
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        self._wires[socket] = request.transport
        try:
            await _send(socket, 10, {"heartbeat_interval": 41250})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._take(socket, json.loads(frame.data))
                    await self._changed()
        except ConnectionError:
            pass  # it went away in the middle of a frame to it
        finally:
            del self._wires[socket]
        return socket

    async def dispatch(self, event: str, data: Any) -> None:
        """Tell the bot of an event, now or when it resumes, on the shard of its server."""
        shard = (int(data.get("guild_id") or 0) >> 22) % max(1, self.shards)
        session = self.sessions.get(shard)
        if session is not None:
            await self._tell(session, event, data)

    async def drop(self, *, resumable: bool, shard: int = 0) -> None:
        """Break the connection as a network does."""
        session = self.sessions[shard]
        session.resumable = resumable
        socket, session.socket = session.socket, None
        if socket is not None:
            await socket.close(code=4000)

    def cut(self, shard: int = 0) -> None:
        """Break the connection without a word."""
        socket = self.sessions[shard].socket
        if socket is not None and socket in self._wires:
            self._wires[socket].abort()

    async def invalidate(self, *, resumable: bool, shard: int = 0) -> None:
        """Tell a shard in the middle that its session is no good."""
        session = self.sessions[shard]
        session.resumable = resumable
        assert session.socket is not None
        await _send(session.socket, 9, resumable)

    async def ask_to_reconnect(self, shard: int = 0) -> None:
        session = self.sessions[shard]
        assert session.socket is not None
        await _send(session.socket, 7, None)

    async def _take(self, socket: web.WebSocketResponse, frame: Object) -> None:
        if frame["op"] == 1:
            await _send(socket, 11, None)
        elif frame["op"] == 2:
            await self._identify(socket, frame["d"])
        elif frame["op"] == 6:
            await self._resume(socket, frame["d"])

    async def _identify(self, socket: web.WebSocketResponse, data: Object) -> None:
        shard, count = data.get("shard", [0, 1])
        self.identified.append((shard, count))
        if data["token"] != self.token:
            await socket.close(code=4004)
            return
        if self.invalid or self._is_too_early(shard):
            await _send(socket, 9, self.invalid.pop(0) if self.invalid else False)
            return
        self.intents = data["intents"]
        session = self.sessions[shard] = Session(secrets.token_hex(8), shard, socket=socket)
        mine = [guild for guild in self.guilds if (int(guild["id"]) >> 22) % count == shard]
        ready = {
            "v": 10, "user": self.bot, "session_id": session.id, "shard": [shard, count],
            "resume_gateway_url": self.url, "session_type": "normal",
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in mine],
            "application": {"id": objects.APPLICATION, "flags": 0},
        }  # fmt: skip
        await self._tell(session, "READY", ready)
        for guild in mine:
            await self._tell(session, "GUILD_CREATE", guild)

    def _is_too_early(self, shard: int) -> bool:
        """Whether another shard of the group has identified in the last seconds."""
        now, group = self._clock.monotonic(), shard % self.max_concurrency
        early = now - self._latest.get(group, -IDENTIFY_SECONDS) < IDENTIFY_SECONDS
        self.too_early += early
        self._latest[group] = now
        return early

    async def _resume(self, socket: web.WebSocketResponse, data: Object) -> None:
        self.resumes += 1
        known = (s for s in self.sessions.values() if s.id == data["session_id"])
        session = next(known, None)
        if session is None or not session.resumable:
            await _send(socket, 9, False)
            return
        session.socket = socket
        for frame in [f for f in session.sent if f["s"] > data["seq"]]:
            await socket.send_json(frame)
        await self._tell(session, "RESUMED", {})

    async def _tell(self, session: Session, event: str, data: Any) -> None:
        session.sequence += 1
        frame = {"op": 0, "t": event, "s": session.sequence, "d": data}
        session.sent.append(frame)
        if session.socket is not None and not session.socket.closed:
            with suppress(ConnectionError):  # told when it resumes
                await session.socket.send_json(frame)

    async def close(self) -> None:
        for session in self.sessions.values():
            if session.socket is not None:
                await asyncio.shield(session.socket.close(code=1001))


async def _send(socket: web.WebSocketResponse, op: int, data: Any) -> None:
    await socket.send_json({"op": op, "d": data, "s": None, "t": None})
