"""Several replicas on one PostgreSQL: what one accepts another may carry, deliver and cancel."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.app import running
from bot.config import RunConfig, StorageConfig
from bot.runway.simulator import RunningSimulator
from tests.outside import ask
from tests.postgres import Server
from tests.scenario.page import Page
from tests.scenario.stage import config_for, simulator_on

Start = Callable[..., Awaitable["Replica"]]


class Replica:
    """One replica in the test's own process."""

    def __init__(self, page: Page, stack: AsyncExitStack) -> None:
        self.page = page
        self._stack = stack

    async def stop(self) -> None:
        await self._stack.aclose()


# Long enough that a busy machine does not lose it; each replica looks at the rows three times in it.
LEASE_SECONDS = 5


@pytest.fixture
async def url(postgres: Server) -> AsyncIterator[str]:
    address = await postgres.database()
    yield address
    await postgres.give_back(address)


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[RunningSimulator]:
    async with simulator_on(tmp_path, video_seconds=1.5) as started:
        yield started


@pytest.fixture
async def start(
    tmp_path: Path, url: str, simulator: RunningSimulator, session: aiohttp.ClientSession
) -> AsyncIterator[Start]:
    """`await start("worker")`: a replica that does only that; all over one database and archive."""
    async with AsyncExitStack() as all_of_them:

        async def begin(*only: str) -> Replica:
            config = config_for(tmp_path, simulator.url).model_copy(
                update={
                    "storage": StorageConfig(url=url, lease_seconds=LEASE_SECONDS),
                    "run": RunConfig(only=only),
                }
            )
            stack = AsyncExitStack()
            all_of_them.push_async_callback(stack.aclose)
            page = Page(await stack.enter_async_context(running(config)), session)
            return Replica(page, stack)

        yield begin


async def test_what_the_page_accepts_the_worker_delivers(start: Start, url: str) -> None:
    web = await start("web")
    worker = await start("worker")
    await web.page.command("/imagine a fox")
    (job,) = await web.page.jobs()
    assert (await web.page.over(job)).state == "delivered"
    ((accepted_by, holder),) = ask(url, "SELECT accepted_by, holder FROM jobs")
    assert accepted_by != holder
    assert len(await web.page.jobs()) == 1
    await worker.stop()


async def test_nobody_works_where_nobody_carries(start: Start, url: str) -> None:
    web = await start("web")
    await web.page.command("/imagine a fox")
    (job,) = await web.page.jobs()
    assert ask(url, "SELECT state, holder FROM jobs WHERE id = ?", job) == [("queued", None)]
    await start("worker")
    assert (await web.page.over(job)).state == "delivered"


async def test_a_job_at_work_at_another_replica_is_cancelled(start: Start) -> None:
    web = await start("web")
    await start("worker")
    await web.page.command("/imagine a fox !stall")
    (job,) = await web.page.jobs()
    shown = await web.page.until_state(job, "running")
    await web.page.act(shown.cards[0], "cancel")
    assert (await web.page.over(job)).state == "cancelled"


async def test_a_replica_that_ends_hands_its_jobs_over(
    start: Start, url: str, simulator: RunningSimulator
) -> None:
    first = await start()
    await first.page.command("/imagine a fox !stall")
    (job,) = await first.page.jobs()
    await first.page.until_state(job, "running")
    second = await start()
    ((holder, fence),) = ask(url, "SELECT holder, fence FROM jobs")
    await first.stop()
    shown = await second.page.until_state(job, "running")
    await second.page.act(shown.cards[0], "cancel")
    assert (await second.page.over(job)).state == "cancelled"
    ((new_holder, new_fence),) = ask(url, "SELECT holder, fence FROM jobs")
    assert (new_holder != holder, new_fence) == (True, fence + 1)
