"""A bot that is asked to end takes nothing new, says so, and brings what is under way to a safe place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.app import running
from bot.config import PlaygroundConfig, RunConfig, RunwayConfig
from tests.operations.conftest import KEY
from tests.scenario.evidence import read_accounts
from tests.scenario.page import Page


class SlowDoor:
    """Stands before Runway and holds back creates until it is told to let them through."""

    def __init__(self, runway: str, session: aiohttp.ClientSession) -> None:
        self._runway = runway
        self._session = session
        self.holding = asyncio.Event()
        self.let_through = asyncio.Event()
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SlowDoor"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield self
        await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        if request.path == "/v1/text_to_image":
            self.holding.set()
            await self.let_through.wait()
        headers = {k: v for k, v in request.headers.items() if k.lower() != "host"}
        body = await request.read()
        async with self._session.request(
            request.method, self._runway + request.path, data=body, headers=headers
        ) as answer:
            content = await answer.read()
            return web.Response(
                body=content, status=answer.status, content_type=answer.content_type
            )


@pytest.fixture
async def door(runway, session):
    async with SlowDoor((await runway()).url, session).open() as opened:
        yield opened


@pytest.fixture
def config(settings, door):
    def make(grace: float):
        return settings(
            door.url,
            runway=RunwayConfig(api_secret=SecretStr(KEY), base_url=door.url, poll_seconds=0.1),
            playground=PlaygroundConfig(enabled=True),
            run=RunConfig(grace_seconds=grace),
        )

    return make


@pytest.fixture
def start(config, session):
    """A bot in the background: its page, what ends it, and its task."""

    async def begin(grace=30.0):
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        end = asyncio.Event()

        async def run() -> None:
            async with running(config(grace), live=False) as url:
                ready.set_result(url)
                await end.wait()

        task = asyncio.create_task(run())
        return Page(await ready, session), end, task

    return begin


async def test_what_is_under_way_is_finished_while_newcomers_are_told(
    start, door, session, tmp_path
):
    page, end, task = await start()
    job = await page.begin("/imagine a fox")
    await door.holding.wait()
    end.set()
    async with asyncio.timeout(20):
        while True:
            status, told = await page.ask("GET", "/readyz")
            if status == 503:
                break
            await asyncio.sleep(0.02)
    assert told["wrong"] == {"process": "is being stopped"}
    status, told = await page.command("/imagine a wolf")
    assert status == 503
    assert "I am being restarted" in told["error"]
    assert await page.jobs() == [job]
    door.let_through.set()
    await task
    (row,) = read_accounts(tmp_path / "data" / "dailies.db").jobs
    assert (row.state, row.task_id is not None) == ("running", True)

    page, end, task = await start()
    assert (await page.over(job)).state == "delivered"
    end.set()
    await task


async def test_what_takes_longer_than_the_grace_is_left_to_the_next_start(start, door, tmp_path):
    """Nobody knows then whether Runway took it: it is never sent twice, and its owner is told."""
    page, end, task = await start(grace=0.1)
    job = await page.begin("/imagine a fox")
    await door.holding.wait()
    end.set()
    await task
    door.let_through.set()
    page, end, task = await start()
    assert (await page.over(job)).state == "uncertain"
    end.set()
    await task
