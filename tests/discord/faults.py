"""What a server can do wrong to a request, and how often."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """`status` instead of an answer, `reset`: the answer's effect and then no answer, `cut`: neither.

    `done`: the answer's effect, and then `status` all the same. `late` seconds pass before an answer
    that is good otherwise, or until `until` is set.
    """

    method: str
    path: str
    times: int = 1
    status: int = 0
    code: int = 0
    done: bool = False
    reset: bool = False
    cut: bool = False
    late: float = 0.0
    until: asyncio.Event | None = None
    retry_after: float = 0.05
    via: bool = False
    over: int = 0  # only requests with more bytes than this
    hits: int = field(default=0, compare=False)

    def fits(self, request: web.Request) -> bool:
        large = not self.over or (request.content_length or 0) > self.over
        asked = request.method == self.method and re.search(self.path, request.path)
        return bool(self.times and large and asked)

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.times -= 1
        self.hits += 1
        if self.until is not None:
            await self.until.wait()
            return await handler(request)
        if self.late:
            answer = await handler(request)
            await asyncio.sleep(self.late)
            return answer
        if self.reset or self.cut:
            if self.reset:
                await handler(request)
            if request.transport is not None:
                request.transport.abort()  # type: ignore[attr-defined]  # aiohttp types it too widely
            return web.Response()
        if self.done:
            await handler(request)
        return await self._refuse(request)

    async def _refuse(self, request: web.Request) -> web.Response:
        await request.read()
        body = {"message": "no", "code": self.code}
        # No charset: discord.py would take the body for a text.
        headers = {"Content-Type": "application/json"}
        if self.status == 429:
            body |= {"retry_after": self.retry_after, "global": False}
            headers["Retry-After"] = str(self.retry_after)
        headers |= {"Via": "1.1 stand-in"} if self.via else {}
        return web.Response(body=json.dumps(body).encode(), status=self.status, headers=headers)
