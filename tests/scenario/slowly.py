"""The core inside the test, with a chat and a storage that take their time where a test says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy import Select, insert, update

from bot.archive import Archive
from bot.catalog import load_catalog
from bot.clock import SystemClock
from bot.commands import command
from bot.core import Core, build_core
from bot.credits import Allowance
from bot.door import Door
from bot.errors import StorageUnavailable
from bot.invocations import Invocation, Origin
from bot.jobs import Job, Member, State
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.pauses import Pauses
from bot.ports import Clock, Confirm, Landing, Once, Subject
from bot.presenter import Presenter
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest, Operation
from bot.runway.client import RunwayClient
from bot.telemetry import no_span
from bot.views import Card, Notice, Result
from storage.database import Database
from storage.engines import open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.replica_tables import replicas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.schema import jobs
from storage.storage import SqlStorage
from tests.scenario.processes import KEY
from tests.scenario.stage import config_for, simulator_on

ADA = Origin(Member("slow:here", "ada"), "dailies")


class OwnClock(SystemClock):
    """A replica's own clock, in which it may have slept."""

    slept = 0.0
    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.slept


class SlowChat:
    """A chat platform on which a test decides what happens before an edit goes through."""

    def __init__(self) -> None:
        self.before_edit: Callable[[Card], Awaitable[None]] | None = None
        self.before_confirm: Callable[[Card], Awaitable[None]] | None = None
        self.before_post: Callable[[Card], Awaitable[None]] | None = None
        self.after_delivery: Callable[[], Awaitable[None]] | None = None
        self.before_delivery: Callable[[], Awaitable[None]] | None = None
        self.asked_to_deliver = asyncio.Event()
        self.delivered: list[str] = []
        self.shown: list[State] = []
        self.removed: list[str] = []
        self.edited: set[str] = set()
        self.lands_later = False
        self.flying: list[tuple[Card, Confirm, Landing]] = []
        self.posted_by: list[asyncio.Task[Any] | None] = []

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        self.posted_by.append(asyncio.current_task())
        if self.before_confirm is not None:
            await self.before_confirm(card)
        await confirm()
        if self.before_post is not None:
            await self.before_post(card)
        self.shown.append(card.state)
        return key

    async def update_card(
        self, channel: str, message: str, card: Card, confirm: Confirm
    ) -> Landing | None:
        if self.before_edit is not None:
            await self.before_edit(card)
        if self.lands_later:
            landing: Landing = asyncio.get_running_loop().create_future()
            self.flying.append((card, confirm, landing))
            return landing
        self.shown.append(card.state)
        self.edited.add(message)
        return None

    def land(self) -> None:
        """Show what was only taken so far."""
        for card, _, landing in self.flying:
            self.shown.append(card.state)
            landing.set_result(True)

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        self.removed.append(message)

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        self.asked_to_deliver.set()
        if self.before_delivery is not None:
            await self.before_delivery()
        await confirm()
        self.delivered.append(key)
        if self.after_delivery is not None:
            await self.after_delivery()
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


class SlowStorage(SqlStorage):
    """Storage in which a test decides what happens between a commit and the news of it."""

    after_accept: Callable[[Job], Awaitable[None]] | None = None
    before_cancel: Callable[[], Awaitable[None]] | None = None
    after_intent: Callable[[], Awaitable[None]] | None = None
    loses_cards: int = 0

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        moved = await super().advance(job, to, **changes)
        if to is State.SUBMITTING and self.after_intent is not None:
            await self.after_intent()
        return moved

    async def note_card(self, job_id: str, card: str) -> Job:
        if self.loses_cards:
            self.loses_cards -= 1
            raise StorageUnavailable("away while a card is noted")
        return await super().note_card(job_id, card)

    async def note(self, job_id: str, **changes: Any) -> Job:
        if changes.get("cancel_requested") and self.before_cancel is not None:
            await self.before_cancel()
        return await super().note(job_id, **changes)

    async def accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str] = ()
    ) -> Job:
        accepted = await super().accept(job, once, now, roles)
        if self.after_accept is not None:
            await self.after_accept(accepted)
        return accepted


class Stage:
    """The core on a real database and a real simulator, with a chat of ours."""

    def __init__(
        self,
        core: Core,
        storage: SlowStorage,
        chat: SlowChat,
        database: Database,
        runway: str,
        clock: OwnClock,
    ) -> None:
        self._clock = clock
        self.service, self.storage, self.chat = core.service, storage, chat
        self.worker, self.database, self.runway = core.worker, database, runway

    async def imagine(self, prompt: str) -> Job:
        return await self.ask_for("imagine", prompt)

    async def ask_for(self, name: str, prompt: str, **options: str) -> Job:
        """The job that a command of Ada's makes."""
        spec = command(name)
        assert spec is not None
        job = await self.service.run(Invocation(ADA, spec, {"prompt": prompt}, options))
        assert isinstance(job, Job)
        return job

    async def end_leases(self) -> None:
        """Every replica has been silent for too long."""
        ended = update(replicas).values(lease_until=1)
        await self.database.write(lambda c: c.execute(ended) and None)

    async def sleep_long(self) -> None:
        """The replica stood still until its lease was over by its own clock."""
        self._clock.slept = 60.0

    async def take_away(self, job_id: str, replica: str) -> None:
        """Another replica takes a job over."""
        taken = update(jobs).where(jobs.c.id == job_id)
        taken = taken.values(holder=replica, fence=jobs.c.fence + 1)
        await self.database.write(lambda c: c.execute(taken) and None)

    async def give(self, replica: str) -> None:
        """Write into the rows that a replica has whatever is queued."""
        given = update(jobs).where(jobs.c.state == "queued").values(holder=replica, fence=1)
        await self.database.write(lambda c: c.execute(given) and None)

    async def join(self, replica: str) -> None:
        """Another replica begins a lease, and does nothing with it."""
        lease = insert(replicas).values(id=replica, lease_until=2**62)
        await self.database.write(lambda c: c.execute(lease) and None)

    async def another_presenter(self, clock: Clock | None = None) -> Presenter:
        """Who shows cards at another replica."""
        lease = timedelta(seconds=30)
        other = Replica(SqlReplicas(self.database, lease, alone=False), SystemClock(), lease)
        await other.join()
        chats, clock = {"slow": self.chat}, clock or SystemClock()
        return Presenter(chats, self.storage, load_catalog(), other, clock, Pauses(first=0.01))

    async def ask(self, query: Select[tuple[str]]) -> list[str]:
        return await self.database.read(lambda c: list(c.execute(query).scalars()))

    def request(self) -> GenerationRequest:
        return GenerationRequest(
            Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 5, ratio="720:720", seed=7
        )

    async def until(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        """Read the row again and again until the condition holds, for at most 60 s."""
        deadline = asyncio.get_running_loop().time() + 60
        while True:
            job = await self.storage.job(job_id)
            assert job is not None
            if condition(job):
                return job
            assert asyncio.get_running_loop().time() < deadline, job
            await asyncio.sleep(0.01)


@asynccontextmanager
async def staged(tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    """The core at work; nothing of it is left afterwards."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path))
        database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
        stack.push_async_callback(database.close)
        archive, catalog, chat = Archive(str(tmp_path / "archive")), load_catalog(), SlowChat()
        provider = await stack.enter_async_context(
            RunwayClient(simulator.url, KEY, catalog, archive, 0.1)
        )
        defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
        storage = SlowStorage(database, defaults)
        lease, clock = timedelta(seconds=30), OwnClock()
        replica = Replica(SqlReplicas(database, lease, alone=True), clock, lease)
        await replica.join()
        core = await build_core(
            config_for(tmp_path, simulator.url),
            storage=storage,
            quotas=SqlQuotas(database, defaults),
            orders=SqlOrders(database),
            catalog=catalog,
            provider=provider,
            library=MediaLibrary(archive, Downloader(session, allow_loopback=True)),
            archive=archive,
            chats={"slow": chat},
            replica=replica,
            clock=SystemClock(),
            door=Door(
                burst=100, per_minute=100, clock=SystemClock(), count=lambda *_: None, span=no_span
            ),
        )
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        yield Stage(core, storage, chat, database, simulator.url, clock)
