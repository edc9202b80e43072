"""Discord, Slack and the playground at once: one process, one core, one queue; each with its own people."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.runway.simulator import RunningSimulator
from tests.discord import server as discord_server
from tests.discord.routes import application
from tests.discord.server import Discord
from tests.slack.inside import Inside, Run, books_of
from tests.slack.workspace import Workspace, shown


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    small = Discord()
    runner = await discord_server.start(small, application(small))
    yield small
    await small.gateway.close()
    await runner.cleanup()
    assert small.violations == []


@pytest.fixture
async def bot(run: Run, discord: Discord) -> AsyncIterator[Inside]:
    started = await run(
        DISCORD_TOKEN=discord_server.TOKEN,
        DAILIES_DISCORD__API_BASE=f"{discord.url}/api/v10",
        DAILIES_DISCORD__GATEWAY=discord.gateway.url,
        DAILIES_PLAYGROUND__ENABLED="true",
    )
    await discord.until(lambda: discord.commands and discord.gateway.session)
    yield started
    await started.stop()  # before what it talks to


class Page:
    """The playground as Ada has it open."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def say(self, text: str) -> None:
        form = aiohttp.FormData({"member": "ada", "text": text}, default_to_multipart=True)
        async with self._session.post(f"{self._url}/api/commands", data=form) as answer:
            assert answer.status < 300, await answer.text()

    async def messages(self) -> list[Any]:
        async with self._session.get(f"{self._url}/api/messages?member=ada") as answer:
            found: list[Any] = await answer.json()
        return found


async def test_all_three_make_pictures_and_each_keeps_its_own_books(
    bot: Inside,
    workspace: Workspace,
    discord: Discord,
    session: aiohttp.ClientSession,
    simulator: RunningSimulator,
) -> None:
    page = Page(session, bot.url)
    await page.say("/imagine a fox on the page")
    await workspace.command("/imagine a fox in Slack")
    await discord.command("imagine", {"prompt": "a fox in Discord"})
    await workspace.result()
    await discord.until(discord.results)
    await discord.until(lambda: "Done" in str(discord.cards()[0]))
    tasks = (await books_of(simulator, session))["tasks"]
    assert len(tasks) == 3

    await workspace.react(await workspace.result(), "repeat")
    await discord.react(discord.results()[0], "🔁")
    second = await workspace.result(2)
    await discord.until(lambda: len(discord.results()) == 2)
    assert "a fox in Slack" in shown(second)
    assert len(discord.cards()) == 2
    assert "a fox in Discord" in str(discord.cards()[1])

    await workspace.command("/credits")
    assert "*484* of 500" in await workspace.whisper()
    await page.say("/credits")
    said = str(await page.messages())
    assert "492" in said
    assert "a fox on the page" in said
    assert "Discord" not in said
    assert "in Slack" not in said
