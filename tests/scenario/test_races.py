"""Two things at the same moment, brought about by a chat that takes its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.archive import Archive
from bot.catalog import load_catalog
from bot.commands import command
from bot.core import Core, build_core
from bot.credits import Allowance
from bot.invocations import Invocation, Origin
from bot.jobs import Job, Member, State
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.ports import Confirm, Subject
from bot.quotas import Moderation
from bot.runway.client import RunwayClient
from bot.views import Card, Notice, Result
from storage.engines import open_database
from storage.quota import SqlQuotas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.storage import SqlStorage
from tests.scenario.processes import KEY
from tests.scenario.stage import config_for, simulator_on

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

    async def deliver(self, channel: str, result: Result, key: str, confirm: Confirm) -> str:
        return key

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        return

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        return key

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        return

    async def offer_changed(self) -> None:
        return

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        return None

    async def find_channel(self, workspace: str, text: str) -> str | None:
        return None

    async def name_of(self, member: Member) -> str:
        return member.id

    async def roles_of(self, member: Member) -> Sequence[str]:
        return ()


class Stage:
    """The core on a real database and a real simulator, with a chat of ours."""

    def __init__(self, core: Core, storage: SqlStorage, chat: SlowChat) -> None:
        self.service, self.storage, self.chat = core.service, storage, chat

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
async def stage(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path))
        database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
        stack.push_async_callback(database.close)
        archive, catalog, chat = Archive(str(tmp_path / "archive")), load_catalog(), SlowChat()
        provider = await stack.enter_async_context(
            RunwayClient(simulator.url, KEY, catalog, archive, 0.1)
        )
        defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
        storage = SqlStorage(database, defaults)
        core = await build_core(
            config_for(tmp_path, simulator.url),
            storage=storage,
            quotas=SqlQuotas(database, defaults),
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, Downloader(session, allow_loopback=True)),
            archive=archive,
            chats={"slow": chat},
            replicas=SqlReplicas(database, timedelta(seconds=30), alone=True),
        )
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        yield Stage(core, storage, chat)


async def test_a_cancellation_while_the_card_turns_to_running_is_not_lost(stage: Stage) -> None:
    cancelling: list[asyncio.Task[Job]] = []

    async def cancel_meanwhile(card: Card) -> None:
        if card.state is State.RUNNING and not cancelling:
            cancelling.append(asyncio.create_task(stage.service.cancel(ADA, card.job_id)))
            await stage.until(card.job_id, lambda job: job.cancel_requested)

    stage.chat.before_edit = cancel_meanwhile
    job = await stage.imagine("a fox !stall")
    ended = await stage.until(job.id, lambda job: job.state.is_over)
    assert ended.state is State.CANCELLED
    await asyncio.gather(*cancelling)
