"""Two things at the same moment, brought about by a chat that takes its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.answers import Answers
from bot.archive import Archive
from bot.catalog import load_catalog
from bot.clock import SystemClock
from bot.commands import command
from bot.credits import Allowance
from bot.estimates import Estimates
from bot.invocations import Invocation, Origin
from bot.jobs import Job, Member, State
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.ports import ChatPlatform
from bot.presenter import Presenter
from bot.runway.client import RunwayClient
from bot.service import Service
from bot.steps.collect import Collection
from bot.steps.deliver import Delivery
from bot.steps.pauses import Pauses
from bot.steps.submit import Submission
from bot.steps.watch import Watch
from bot.views import Card, Notice, Result
from bot.worker import Worker
from storage.ledger import Defaults
from storage.storage import SqlStorage, open_database
from tests.scenario.processes import KEY
from tests.scenario.stage import simulator_on

ADA = Origin(Member("slow:here", "ada"), "dailies")


class SlowChat:
    """A chat platform on which a test decides what happens before an edit goes through."""

    def __init__(self) -> None:
        self.before_edit: Callable[[Card], Awaitable[None]] | None = None

    async def post_card(self, channel: str, card: Card, key: str) -> str:
        return key

    async def update_card(self, channel: str, message: str, card: Card) -> None:
        if self.before_edit is not None:
            await self.before_edit(card)

    async def deliver(self, channel: str, result: Result, key: str) -> str:
        return key

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        return

    async def find_member(self, workspace: str, text: str) -> Member | None:
        return None


class Core:
    """The core on a real database and a real simulator, with a chat of ours."""

    def __init__(
        self, storage: SqlStorage, provider: RunwayClient, library: MediaLibrary, chat: SlowChat
    ) -> None:
        clock, catalog = SystemClock(), load_catalog()
        chats: dict[str, ChatPlatform] = {"slow": chat}
        presenter, estimates = Presenter(chats, storage, catalog, clock), Estimates()
        self.storage, self.chat = storage, chat
        self.worker = Worker(
            storage=storage,
            provider=provider,
            catalog=catalog,
            presenter=presenter,
            estimates=estimates,
            submission=Submission(storage, provider, presenter, clock),
            watch=Watch(storage, provider, presenter, estimates, clock),
            collection=Collection(storage, provider, library, clock, Pauses()),
            delivery=Delivery(storage, chats, catalog, clock, Pauses()),
            clock=clock,
            poll_floor=0.1,
        )
        answers = Answers(
            storage=storage, catalog=catalog, worker=self.worker, chats=chats, clock=clock
        )
        self.service = Service(
            storage=storage,
            catalog=catalog,
            library=library,
            presenter=presenter,
            worker=self.worker,
            answers=answers,
            clock=clock,
        )

    async def imagine(self, prompt: str) -> Job:
        spec = command("imagine")
        assert spec is not None
        job = await self.service.run(Invocation(ADA, spec, {"prompt": prompt}))
        assert isinstance(job, Job)
        return job

    async def until(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        """Read the row again and again until the condition holds, for at most 10 s."""
        deadline = asyncio.get_running_loop().time() + 10
        while True:
            job = await self.storage.job(job_id)
            assert job is not None
            if condition(job):
                return job
            assert asyncio.get_running_loop().time() < deadline, job
            await asyncio.sleep(0.01)


@pytest.fixture
async def core(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Core]:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path))
        database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
        stack.push_async_callback(database.close)
        archive = Archive(str(tmp_path / "archive"))
        provider = await stack.enter_async_context(
            RunwayClient(simulator.url, KEY, load_catalog(), archive, 0.1)
        )
        storage = SqlStorage(database, Defaults(Allowance(500), 50, ZoneInfo("UTC")))
        library = MediaLibrary(archive, Downloader(session, allow_loopback=True))
        core = Core(storage, provider, library, SlowChat())
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        yield core


async def test_a_cancellation_while_the_card_turns_to_running_is_not_lost(core: Core) -> None:
    cancelling: list[asyncio.Task[Job]] = []

    async def cancel_meanwhile(card: Card) -> None:
        if card.state is State.RUNNING and not cancelling:
            cancelling.append(asyncio.create_task(core.service.cancel(ADA, card.job_id)))
            await core.until(card.job_id, lambda job: job.cancel_requested)

    core.chat.before_edit = cancel_meanwhile
    job = await core.imagine("a fox !stall")
    ended = await core.until(job.id, lambda job: job.state.is_over)
    assert ended.state is State.CANCELLED
    await asyncio.gather(*cancelling)
