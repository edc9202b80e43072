"""The bot against a small Discord: unmodified discord.py, the simulator, a database of its own."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.app import running
from bot.config import (
    ArchiveConfig,
    Config,
    DiscordConfig,
    QuotaConfig,
    RunwayConfig,
    StorageConfig,
    WebConfig,
)
from bot.runway.simulator import SimulatorSettings, serve
from tests.discord.clock import Clock
from tests.discord.objects import Object
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.quick import ROUGH

Stop = Callable[[], Awaitable[None]]
KEY = "key_" + "0" * 128
QUICK: dict[str, Any] = {
    "image_seconds": 0.2, "video_seconds": 0.3, "upscale_seconds": 0.2, "queue_seconds": 0.0,
    "jitter": 0.0, "seed": 1, **ROUGH,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's config.toml and tokens must not reach a test."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNWAYML_API_SECRET", "DISCORD_TOKEN", "DAILIES_DISCORD__TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> Clock:
    """The time of the bot and of Discord, which a test may put forward."""
    return Clock()


@pytest.fixture
async def open_discord(clock: Clock) -> AsyncIterator[Callable[..., Awaitable[Discord]]]:
    """Start small Discords; in the end each must have seen nothing that Discord would refuse."""
    async with AsyncExitStack() as stack:
        opened: list[Discord] = []

        async def open_one(tier: int = 0) -> Discord:
            discord = Discord(tier, clock)
            runner = await start(discord, application(discord))
            stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(discord.gateway.close)
            opened.append(discord)
            return discord

        yield open_one
    assert not (found := [p for discord in opened for p in discord.violations]), "\n".join(found)


@pytest.fixture
async def discord(open_discord: Callable[..., Awaitable[Discord]]) -> Discord:
    return await open_discord()


@pytest.fixture
async def start_bot(
    known_folder: Path, clock: Clock
) -> AsyncIterator[Callable[..., Awaitable[Stop]]]:
    """Run the bot in this process: `await start_bot(discord, {"video_seconds": 5}, credits=10)`.

    What comes back stops it. A `folder` of its own makes it another bot; `listening=False` does not
    wait until it has a session.
    """
    async with AsyncExitStack() as stack:

        async def start_one(
            discord: Discord,
            simulator: dict[str, Any] | None = None,
            folder: str = "",
            listening: bool = True,
            **settings: Any,
        ) -> Stop:
            runway = await serve(SimulatorSettings(**{**QUICK, **(simulator or {})}))
            stack.push_async_callback(runway.stop)
            one = await stack.enter_async_context(AsyncExitStack())
            chosen = config(discord, runway.url, known_folder / folder, settings)
            await one.enter_async_context(running(chosen, clock=clock))
            if listening:
                await discord.until(lambda: discord.commands and discord.gateway.session)
            return one.aclose

        yield start_one


def config(discord: Discord, runway: str, folder: Path, settings: dict[str, Any]) -> Config:
    """The settings of quotas, of Discord, and the rest."""
    quota, own, web = (
        {name: settings[name] for name in settings if name in section.model_fields}
        for section in (QuotaConfig, DiscordConfig, WebConfig)
    )
    return Config(
        runway=RunwayConfig(api_secret=SecretStr(KEY), base_url=runway, poll_seconds=0.2),
        storage=StorageConfig(url=f"sqlite:///{folder}/dailies.db"),
        archive=ArchiveConfig(url=str(folder / "archive")),
        web=WebConfig(**{"port": 0, **web}),
        quota=QuotaConfig(**quota),
        discord=DiscordConfig(
            token=SecretStr(TOKEN),
            api_base=f"{discord.url}/api/v10",
            gateway=discord.gateway.url,
            **own,
        ),
    )


@pytest.fixture
def picture(discord: Discord) -> Callable[..., Object]:
    """An attached photo."""

    def make(size: tuple[int, int] = (640, 360), name: str = "photo.png") -> Object:
        content = io.BytesIO()
        Image.linear_gradient("L").resize(size).convert("RGB").save(content, "PNG")
        return discord.attach(name, content.getvalue(), "image/png")

    return make


def text_of(message: Object) -> str:
    """All that a card or a result says."""
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts += [f"{f['name']}: {f['value']}" for f in embed.get("fields", [])]
    return "\n".join(parts)


@pytest.fixture
def say() -> Callable[[Object], str]:
    return text_of
