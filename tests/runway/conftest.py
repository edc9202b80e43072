"""Servers that answer as they are told and remember what they were asked, and a client for them."""

import asyncio
import io
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
import stamina
from aiohttp import web
from PIL import Image

from bot.archive import Archive
from bot.catalog import Catalog, load_catalog
from bot.requests import GenerationRequest, Input, Kind, Media, Operation
from bot.runway.client import RunwayClient

KEY = "key_" + "5e" * 64
Play = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """One request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Server:
    """Plays one answer after the other; the last one again and again."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    plays: deque[Play] = field(default_factory=deque)

    def then(self, *plays: Play) -> None:
        self.plays.extend(plays)

    def asked(self, method: str, path: str = "") -> int:
        return sum(s.method == method and s.path.startswith(path) for s in self.seen)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        play = self.plays.popleft() if len(self.plays) > 1 else self.plays[0]
        if getattr(play, "before_body", False):
            self.seen.append(Seen(request.method, request.path, {}, None))
            return await play(request)
        content = await request.read()
        is_json = request.content_type == "application/json"
        body = json.loads(content) if is_json and content else content
        self.seen.append(Seen(request.method, request.path, request.headers.copy(), body))
        return await play(request)

    @staticmethod
    def json(status: int, document: object, **headers: str) -> Play:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(document, status=status, headers=named)

        return answer

    @staticmethod
    def text(status: int, content: bytes, content_type: str = "application/json") -> Play:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=content, content_type=content_type)

        return answer

    @staticmethod
    def bytes(content: bytes) -> Play:
        """These bytes in place of an answer, and then a reset."""

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.write(content)
            request.transport.abort()
            return web.Response()

        return answer

    @staticmethod
    def reset(*, before_body: bool) -> Play:
        """The connection is dropped without an answer."""

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        answer.before_body = before_body  # type: ignore[attr-defined]
        return answer

    @staticmethod
    def early(status: int, document: object) -> Play:
        """An answer before the body was read."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(document, status=status)

        answer.before_body = True  # type: ignore[attr-defined]
        return answer

    @staticmethod
    def silence(seconds: float) -> Play:
        async def answer(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(seconds)
            return web.json_response({"id": "too-late"})

        return answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    playing = Server()
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_route("*", "/{path:.*}", playing.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    playing.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield playing
    await runner.cleanup()


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    """No pauses between attempts; as many attempts as the code says."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture
def archive() -> Archive:
    return Archive("memory:///")


@pytest.fixture
async def connect(archive: Archive) -> AsyncIterator[Callable[..., Awaitable[RunwayClient]]]:
    """Clients for an address; a floor so low that it is in nobody's way unless it is asked for."""
    async with AsyncExitStack() as stack:

        async def open_client(url: str, floor: float = 1e-6, **more: Any) -> RunwayClient:
            catalog: Catalog = more.pop("catalog", None) or load_catalog()
            client = RunwayClient(url, KEY, catalog, archive, floor, **more)
            return await stack.enter_async_context(client)

        yield open_client


@pytest.fixture
def imagine() -> GenerationRequest:
    """A request without any input."""
    return GenerationRequest(
        Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 8, ratio="1920:1080", seed=7
    )


@pytest.fixture
def keep(archive: Archive, tmp_path: Path) -> Callable[..., Awaitable[Input]]:
    """Put a file into the archive and give it a role."""

    async def put(
        role: str, content: bytes, kind: Kind = Kind.IMAGE, tag: str | None = None, **facts: Any
    ) -> Input:
        content_type, end = {
            Kind.IMAGE: ("image/png", "png"), Kind.VIDEO: ("video/mp4", "mp4"),
        }[kind]  # fmt: skip
        name = f"{role}{tag or ''}.{end}"
        path = tmp_path / name
        await asyncio.to_thread(path.write_bytes, content)
        await archive.put(f"inputs/{name}", path, content_type=content_type)
        media = Media(f"inputs/{name}", kind, content_type, len(content), "0" * 64, name, **facts)
        return Input(role, media, tag)

    return put


@pytest.fixture(scope="session")
def png() -> bytes:
    """A real picture of 640 by 480."""
    content = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(content, "PNG", compress_level=1)
    return content.getvalue()


@pytest.fixture(scope="session")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real video of 4 seconds, 32 frames, 64 by 48."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = Image.effect_noise((64, 48), 60).convert("RGB")
        for n in range(32):
            container.mux(stream.encode(av.VideoFrame.from_image(picture.rotate(n))))
        container.mux(stream.encode(None))
    return path.read_bytes()
