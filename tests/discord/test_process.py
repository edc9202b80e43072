"""The whole story with real processes: only a Discord token and a Runway key are configured."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.discord.objects import BEN, Object
from tests.discord.server import TOKEN, Discord

KEY = "key_" + "0" * 128
ROOT = Path(__file__).parents[2]
Begin = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Start `python -m bot.cli …`; it is killed in the end."""
    async with AsyncExitStack() as stack:

        async def kill(process: asyncio.subprocess.Process) -> None:
            if process.returncode is None:
                process.kill()
            await process.communicate()

        async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", *arguments,
                cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )  # fmt: skip
            stack.push_async_callback(kill, process)
            return process

        yield start


@pytest.fixture
async def runway(begin: Begin, tmp_path: Path) -> str:
    """The address of a simulator."""
    quick = ["--image-seconds", "0.3", "--video-seconds", "0.4", "--upscale-seconds", "0.3"]
    process = await begin(
        "simulator", "--port", "0", "--queue-seconds", "0", "--state-dir", "runway", *quick
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+", line)
    assert found, line
    return found[0]


@pytest.fixture
def run_bot(begin: Begin, runway: str, discord: Discord) -> Begin:
    """Start `dailies run` as somebody would who has only the two secrets."""

    async def start(**environment: str) -> asyncio.subprocess.Process:
        return await begin(
            "run",
            **{
                "DISCORD_TOKEN": TOKEN,
                "RUNWAYML_API_SECRET": KEY,
                "DAILIES_RUNWAY__BASE_URL": runway,
                "DAILIES_RUNWAY__POLL_SECONDS": "0.2",
                "DAILIES_DISCORD__API_BASE": f"{discord.url}/api/v10",
                "DAILIES_DISCORD__GATEWAY": discord.gateway.url,
                "DAILIES_WEB__PORT": "0",
                **environment,
            },
        )

    return start


async def test_the_full_story_survives_a_kill_in_the_middle(
    discord: Discord, run_bot: Begin, picture: Callable[..., Object], say: Callable[[Object], str]
) -> None:
    # Killed after the upload was taken and before anything was written down about it.
    bot = await run_bot(DAILIES_FAILPOINT="deliver.posted")
    await discord.until(lambda: discord.commands and discord.gateway.session)
    await discord.command("animate", {"image": picture(), "prompt": "waves", "duration": 2})
    assert await bot.wait() == -9
    assert len(discord.results()) == 1
    discord.nonces.clear()  # Discord remembers them for a few minutes only

    await run_bot()
    await discord.until(lambda: "Done" in say(discord.cards()[0]))
    assert len(discord.results()) == 1
    video = discord.results()[0]
    assert video["attachments"][0]["filename"].endswith(".mp4")

    await discord.react(video, "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    discord.fault("POST", r"/channels/\d+/messages$", status=413, code=40005, times=9, over=4000)
    await discord.react(discord.results()[1], "⬆️", BEN)
    await discord.until(lambda: len(discord.results()) == 3)
    assert "An admin finds the original" in say(discord.results()[2])
    discord.faults.clear()

    await discord.click(video, "retry")
    await discord.until(lambda: len(discord.results()) == 4)
    assert len(discord.cards()) == 4


async def test_a_card_that_a_kill_left_behind_is_found_again(
    discord: Discord, run_bot: Begin, say: Callable[[Object], str]
) -> None:
    bot = await run_bot(DAILIES_FAILPOINT="card.posted")
    await discord.until(lambda: discord.commands and discord.gateway.session)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    assert await bot.wait() == -9
    await run_bot()
    await discord.until(lambda: "Done" in say(discord.cards()[0]))
    assert len(discord.cards()) == 1
    assert len(discord.results()) == 1


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DISCORD_TOKEN": "wrong"}, "does not accept the bot's token"),
        ({"DAILIES_DISCORD__API_BASE": "https://discord.example/api/v10"}, "on this machine"),
        ({"DAILIES_DISCORD__GATEWAY": "wss://gateway.discord.gg"}, "on this machine"),
        ({"DAILIES_DISCORD__SHARD_IDS": "[3]"}, "shard_count"),
    ],
)
async def test_a_wrong_set_up_is_one_clear_text(
    run_bot: Begin, environment: dict[str, str], said: str
) -> None:
    bot = await run_bot(**environment)
    output, _ = await bot.communicate()
    assert bot.returncode == 2
    assert said in output.decode()
    assert "Traceback" not in output.decode()
