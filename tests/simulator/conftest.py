"""A simulator on a free port, a clock that tests move, and small real files to give it."""

import base64
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from PIL import Image

from bot.runway.simulator import SimulatorSettings, serve
from tests.quick import ROUGH

KEY = "key_" + "ab" * 64
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Runway-Version": "2024-11-06"}


@dataclass
class Clock:
    """A wall clock that stands still until it is told."""

    time: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Api:
    """A plain HTTP client for one simulator: answers are (status, document)."""

    url: str
    key: str
    session: aiohttp.ClientSession
    stop: Callable[[], Awaitable[None]]
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        options.setdefault("headers", self.headers)
        async with self.session.request(method, f"{self.url}{path}", **options) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(text) if is_json and text else text

    async def create(self, operation: str, body: object) -> tuple[int, Any]:
        headers = {**self.headers, "Content-Type": "application/json"}
        content = io.BytesIO(json.dumps(body).encode())
        return await self.ask("POST", f"/v1/{operation}", headers=headers, data=content)

    async def made(self, operation: str, body: object) -> str:
        """The id of a task that must be made."""
        status, answer = await self.create(operation, body)
        assert status == 200, answer
        return str(answer["id"])

    async def price(self, operation: str, body: object) -> int:
        """The estimated credits of a create that must be taken."""
        status, answer = await self.create(operation, body)
        assert status == 200, answer
        return int(answer["estimatedCost"]["credits"])

    async def refused(self, operation: str, body: object) -> list[list[object]]:
        """The paths of the issues of a create that must be a 400."""
        status, answer = await self.create(operation, body)
        assert status == 400, answer
        return [each["path"] for each in answer["issues"]]

    async def imagine(self, prompt: str = "a fox", **more: object) -> str:
        body = {"model": "gen4_image", "promptText": prompt, "ratio": "720:720", **more}
        return await self.made("text_to_image", body)

    async def task(self, id: str) -> Any:
        status, answer = await self.ask("GET", f"/v1/tasks/{id}")
        assert status == 200, answer
        return answer

    async def books(self) -> Any:
        return (await self.ask("GET", "/_simulator/books", headers={}))[1]

    async def download(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        async with self.session.get(url, headers=headers) as response:
            return response.status, dict(response.headers), await response.read()

    async def upload(self, name: str, content: bytes) -> str:
        """The runway:// address of a file that must be taken."""
        order = {"filename": name, "type": "ephemeral"}
        status, place = await self.ask("POST", "/v1/uploads", json=order)
        assert status == 200, place
        form = aiohttp.FormData()
        for key, value in place["fields"].items():
            form.add_field(key, value)
        form.add_field("file", io.BytesIO(content), filename=name)
        async with self.session.post(place["uploadUrl"], data=form) as response:
            assert response.status == 204, await response.text()
        return str(place["runwayUri"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def simulate(clock: Clock) -> AsyncIterator[Callable[..., Awaitable[Api]]]:
    """Starts simulators with an exact clock: an image takes 6 s after 1 s in the queue."""
    started: list[Api] = []

    async def start(**settings: Any) -> Api:
        given = {
            "now": clock,
            "seed": 1,
            "jitter": 0.0,
            "clip_pixels": ROUGH["clip_pixels"],
            **settings,
        }
        running = await serve(SimulatorSettings(**given))
        api = Api(running.url, KEY, aiohttp.ClientSession(), running.stop)
        started.append(api)
        return api

    yield start
    for api in started:
        await api.session.close()
        await api.stop()


@pytest.fixture
async def api(simulate: Callable[..., Awaitable[Api]]) -> Api:
    return await simulate()


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """The bytes of a PNG of this size."""

    def make(width: int = 320, height: int = 320) -> bytes:
        content = io.BytesIO()
        noise = Image.effect_noise((40, 40), 60).convert("RGB")
        noise.resize((width, height)).save(content, "PNG", compress_level=1)
        return content.getvalue()

    return make


@pytest.fixture(scope="session")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """The bytes of an H.264 video of this length and size, in MP4 unless told otherwise."""

    def make(
        seconds: float = 4, width: int = 64, height: int = 48, fps: int = 8, container: str = "mp4"
    ) -> bytes:
        path: Path = tmp_path_factory.mktemp("clips") / "clip"
        with av.open(str(path), "w", format=container) as film:
            stream = film.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {"preset": "ultrafast"}
            picture = Image.effect_noise((width, height), 60).convert("RGB")
            for n in range(round(seconds * fps)):
                frame = av.VideoFrame.from_image(picture.rotate(n))
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        return path.read_bytes()

    return make


@pytest.fixture(scope="session")
def data_uri() -> Callable[[str, bytes], str]:
    def make(media_type: str, content: bytes) -> str:
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"

    return make
