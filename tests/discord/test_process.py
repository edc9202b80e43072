"""The whole story with real processes: only a Discord token and a Runway key are configured."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.config import load_config
from bot.errors import ConfigError
from bot.runway.simulator import SimulatorSettings, serve
from tests.discord.conftest import KEY, QUICK
from tests.discord.objects import BEN, Object
from tests.discord.server import TOKEN, Discord
from tests.launching import Child, launch

ROOT = Path(__file__).parents[2]
StartBot = Callable[..., Awaitable[object]]


@pytest.fixture
async def run_bot(
    discord: Discord, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Child]]]:
    """Start `dailies run` as somebody would who has only the two secrets; it is killed in the end."""
    async with AsyncExitStack() as stack:
        runway = await serve(SimulatorSettings(**QUICK))
        stack.push_async_callback(runway.stop)

        async def kill(process: Child) -> None:
            if process.returncode is None:
                process.kill()
            await process.wait()

        async def begin(**environment: str) -> Child:
            settings = {
                "DISCORD_TOKEN": TOKEN,
                "RUNWAYML_API_SECRET": KEY,
                "DAILIES_RUNWAY__BASE_URL": runway.url,
                "DAILIES_RUNWAY__POLL_SECONDS": "0.2",
                "DAILIES_DISCORD__API_BASE": f"{discord.url}/api/v10",
                "DAILIES_DISCORD__GATEWAY": discord.gateway.url,
                "DAILIES_WEB__PORT": "0",
                "PYTHONPATH": str(ROOT),
            }
            process = await launch(["run"], {**os.environ, **settings, **environment}, tmp_path)
            stack.push_async_callback(kill, process)
            return process

        yield begin


async def test_the_full_story_survives_being_killed_twice(
    discord: Discord,
    run_bot: Callable[..., Awaitable[Child]],
    picture: Callable[..., Object],
    say: Callable[[Object], str],
) -> None:
    # Killed after the card was shown, and nothing was written down about it.
    bot = await run_bot(DAILIES_FAILPOINT="card.posted")
    await discord.until(lambda: discord.commands and discord.gateway.session)
    await discord.command("animate", {"image": picture(), "prompt": "waves", "duration": 2})
    assert await bot.wait() == -9

    # Killed after the upload was taken, and nothing was written down about it.
    bot = await run_bot(DAILIES_FAILPOINT="deliver.posted")
    assert await bot.wait() == -9
    assert len(discord.results()) == 1
    discord.nonces.clear()  # Discord remembers them for a few minutes only

    # Somebody reacts while nobody listens; it is found afterwards.
    await discord.react(discord.results()[0], "🔁", BEN)
    await run_bot()
    await discord.until(lambda: "Done" in say(discord.cards()[0]))
    video = discord.results()[0]
    assert video["attachments"][0]["filename"].endswith(".mp4")
    await discord.until(lambda: len(discord.results()) == 2)
    assert f"<@{BEN}>" in say(discord.results()[1])

    discord.fault("POST", r"/channels/\d+/messages$", status=413, code=40005, times=9, over=4000)
    await discord.react(discord.results()[1], "⬆️", BEN)
    await discord.until(lambda: len(discord.results()) == 3)
    assert "An admin finds the original" in say(discord.results()[2])
    discord.faults.clear()

    await discord.click(video, "retry")
    await discord.until(lambda: len(discord.results()) == 4)
    assert len(discord.cards()) == 4


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"API_BASE": "https://discord.example/api/v10"}, "on this machine"),
        ({"GATEWAY": "wss://gateway.discord.gg"}, "on this machine"),
        ({"API_BASE": "http://127.0.0.1:1/api/v10"}, "go together"),
        ({"SHARD_IDS": "[3]"}, "shard_count"),
        ({"SHARD_IDS": "[3]", "SHARD_COUNT": "3"}, "shard_count"),
    ],
)
def test_a_wrong_set_up_is_one_clear_text(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"DAILIES_DISCORD__{name}", value)
    with pytest.raises(ConfigError, match=said):
        load_config()


async def test_a_token_that_discord_does_not_take_ends_the_start(
    discord: Discord, start_bot: StartBot
) -> None:
    discord.gateway.token = "another"
    with pytest.raises(ConfigError, match="does not accept the bot's token"):
        await start_bot(discord)
