"""PostgreSQL commits, and the wire breaks before its answer is here: nobody is charged twice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.app import running
from bot.config import StorageConfig
from tests.chaos.proxy import Proxy
from tests.chaos.wires import wired
from tests.outside import ask
from tests.postgres import Server
from tests.scenario.page import Page
from tests.scenario.stage import config_for, simulator_on


@pytest.fixture
async def url(postgres: Server) -> AsyncIterator[str]:
    address = await postgres.database()
    yield address
    await postgres.give_back(address)


@pytest.fixture
async def scene(
    tmp_path: Path, url: str, session: aiohttp.ClientSession
) -> AsyncIterator[tuple[Page, Proxy]]:
    """The page of a bot, and the wire to its database."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path))
        wires = await wired(simulator.url, url, None)
        for wire in wires:
            stack.push_async_callback(wire.close)
        assert wires.database is not None
        storage = StorageConfig(url=wires.environment["DAILIES_STORAGE__URL"])
        config = config_for(tmp_path, simulator.url).model_copy(update={"storage": storage})
        page = Page(await stack.enter_async_context(running(config)), session)
        yield page, wires.database


async def test_a_job_whose_acceptance_is_not_heard_of_is_accepted(
    scene: tuple[Page, Proxy], url: str
) -> None:
    """Whoever is told that nothing was started types it again, and pays twice."""
    page, wire = scene
    trap = wire.set_trap(b"COMMIT", after=True, led_by=b"INSERT INTO jobs")
    job = await page.begin("/imagine a fox --ratio 720:720")
    assert trap.sprung.is_set()
    assert (await page.over(job)).state == "delivered"
    assert ask(url, "SELECT id FROM jobs") == [(job,)]


async def test_a_question_that_is_not_heard_of_is_put(scene: tuple[Page, Proxy], url: str) -> None:
    page, wire = scene
    await page.command("/quota settings confirm 1")
    trap = wire.set_trap(b"COMMIT", after=True, led_by=b"INSERT INTO drafts")
    await page.command("/imagine a fox --ratio 720:720")
    assert trap.sprung.is_set()
    question = [m for m in await page.messages() if m["private"] and m["buttons"]][-1]
    await page.act(question, "confirm")
    (job,) = await page.jobs()
    assert (await page.over(job)).state == "delivered"


async def test_what_may_have_been_done_is_not_said_to_be_undone(
    scene: tuple[Page, Proxy], url: str
) -> None:
    page, wire = scene
    trap = wire.set_trap(b"COMMIT", after=True, led_by=b"INSERT INTO grants")
    _, answer = await page.command("/quota grant @ben 50")
    assert trap.sprung.is_set()
    assert ask(url, "SELECT credits FROM grants") == [(50,)]
    assert "may or may not have been done" in str(answer)
    assert "/quota show" in str(answer)


async def test_what_had_not_begun_is_said_not_to_be_started(scene: tuple[Page, Proxy]) -> None:
    page, wire = scene
    wire.is_down = True
    wire.cut()
    _, answer = await page.command("/imagine a fox --ratio 720:720")
    wire.is_down = False
    assert "so nothing was started" in str(answer)
