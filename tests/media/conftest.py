"""Real files, made by the libraries that phones' and cameras' files come from, and a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import pytest
from aiohttp import ClientSession, web
from PIL import Image

from bot.media.download import Downloader

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Write an image: `picture("a.png", size=(64, 48), **save options)`."""

    def make(
        name: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object
    ) -> Path:
        path = tmp_path / name
        noise = Image.effect_noise(size, 80).convert(mode)
        noise.save(path, **options)
        return path

    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Write a video: `film("a.mp4", frames=24, codec="libx264", options={...})`."""

    def make(
        name: str,
        *,
        frames: int = 24,
        size: tuple[int, int] = (160, 96),
        codec: str = "libx264",
        pixels: str = "yuv420p",
        container: str | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", format=container, options=options or {}) as opened:
            stream = opened.add_stream(codec, rate=24)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            noise = Image.effect_noise(size, 60).convert("RGB")
            for turn in range(frames):
                frame = av.VideoFrame.from_image(noise.rotate(turn * 7))
                opened.mux(stream.encode(frame))
            opened.mux(stream.encode())
        return path

    return make


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Start a server on loopback whose every path is answered by the given handler."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
def downloader(session: ClientSession) -> Downloader:
    return Downloader(session, allow_loopback=True, pause=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"
