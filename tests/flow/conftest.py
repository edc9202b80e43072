"""The whole bot against the simulator, with its web chat; everything on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from pydantic import SecretStr

from bot.app import running
from bot.config import (
    ArchiveConfig,
    Config,
    PlaygroundConfig,
    QuotaConfig,
    RunwayConfig,
    StorageConfig,
    WebConfig,
)
from bot.runway.simulator import SimulatorSettings, serve
from tests.quick import ROUGH


@dataclass
class Bot:
    """The page's API, as a browser uses it."""

    url: str
    session: ClientSession
    folder: Path
    over: asyncio.Event
    ended: asyncio.Event

    async def stop(self) -> None:
        """End the bot, and return once it has ended."""
        self.over.set()
        await self.ended.wait()

    async def type(self, text: str, *files: Path, member: str = "ada") -> tuple[int, Any]:
        """Send a command with attachments; the answer's status and JSON."""
        fields = {"member": member, "text": text}
        form = FormData(fields, quote_fields=False, default_to_multipart=True)
        opened = [await asyncio.to_thread(path.open, "rb") for path in files]
        for path, file in zip(files, opened, strict=True):
            form.add_field("attachment", file, filename=path.name)
        try:
            async with self.session.post(f"{self.url}/api/commands", data=form) as answer:
                return answer.status, await answer.json()
        finally:
            for file in opened:
                file.close()

    async def press(self, message: str, action: str, member: str = "ada") -> int:
        url = f"{self.url}/api/messages/{message}/actions/{action}"
        async with self.session.post(url, json={"member": member}) as answer:
            return answer.status

    async def messages(self, member: str = "ada") -> list[dict[str, Any]]:
        async with self.session.get(f"{self.url}/api/messages?member={member}") as answer:
            listed: list[dict[str, Any]] = await answer.json()
            return listed

    async def results(self, count: int) -> list[dict[str, Any]]:
        """The messages with finished files, once there are so many."""
        async with asyncio.timeout(60):
            while True:
                found = [m for m in await self.messages() if m["job_id"] and m["reply_to"]]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)

    async def card(self, job: str) -> dict[str, str]:
        """The lines of a job's card: label and text (the last one of each label)."""
        for message in await self.messages():
            if message["job_id"] == job and message["card"]:
                lines = message["card"]["lines"]
                return {
                    line["label"]: "".join(span.get("text", "") for span in line["value"])
                    for line in lines
                }
        raise AssertionError(f"no card for {job}")

    def kept(self, pattern: str = "**/*") -> list[str]:
        """The keys in the archive."""
        root = self.folder / "archive"
        return sorted(str(path.relative_to(root)) for path in root.glob(pattern) if path.is_file())

    def facts(self, job: str, index: int = 0) -> dict[str, Any]:
        text = (self.folder / "archive" / "outputs" / job / f"{index}.json").read_text("utf-8")
        read: dict[str, Any] = json.loads(text)
        return read


@pytest.fixture
async def start(known_folder: Path) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """Start the bot with changes to its configuration; sections by name."""
    async with bots(known_folder) as begin:
        yield begin


@asynccontextmanager
async def bots(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Bot]]]:
    """What starts bots on one folder; they end with the block."""
    started: list[asyncio.Event] = []
    async with asyncio.TaskGroup() as group:

        async def run(ready: "asyncio.Future[Bot]", sections: dict[str, Any]) -> None:
            settings = SimulatorSettings(
                image_seconds=0.05,
                video_seconds=0.05,
                upscale_seconds=0.05,
                queue_seconds=0.0,
                clip_pixels=ROUGH["clip_pixels"],  # some want a picture that is too large to post
            )
            simulator = await serve(settings)
            over, ended = asyncio.Event(), asyncio.Event()
            started.append(over)
            try:
                config = Config(
                    **{
                        "runway": RunwayConfig(
                            api_secret=SecretStr("key_" + "0" * 128),
                            base_url=simulator.url,
                            poll_seconds=0.1,
                        ),
                        "storage": StorageConfig(url=f"sqlite:///{tmp_path / 'dailies.db'}"),
                        "archive": ArchiveConfig(url=str(tmp_path / "archive")),
                        "web": WebConfig(port=0),
                        "playground": PlaygroundConfig(enabled=True),
                        "quota": QuotaConfig(credits=None, confirm_above=None),
                    }
                    | sections
                )
                async with running(config, live=False) as url, ClientSession() as session:
                    ready.set_result(Bot(url, session, tmp_path, over, ended))
                    await over.wait()
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise
            finally:
                await simulator.stop()
                ended.set()

        async def begin(**sections: Any) -> Bot:
            ready = asyncio.get_running_loop().create_future()
            group.create_task(run(ready, sections))
            return await ready

        yield begin
        for over in started:
            over.set()
