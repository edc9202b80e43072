"""The core inside the test, with a chat and a storage that take their time where a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy import Select, insert, update

from bot.archive import Archive
from bot.cards.presenter import Presenter
from bot.catalog import load_catalog
from bot.clock import SystemClock
from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import command
from bot.core import Core, Ports, build_core
from bot.credits import Allowance
from bot.desk.door import Door
from bot.jobs import Job, Member
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.ports import Clock
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest, Operation
from bot.timing.pauses import Pauses
from bot.watching.telemetry import no_span
from storage.database import Database
from storage.engines.opening import open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.replica_tables import replicas
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.schema import jobs
from tests.scenario.processes import KEY
from tests.scenario.slow_ports import HurriedClock, OwnClock, SlowChat, SlowRunway, SlowStorage
from tests.scenario.stage import config_for, simulator_on

ADA = Origin(Member("slow:here", "ada"), "dailies")


class Stage:
    """The core on a real database and a real simulator, with a chat of ours."""

    def __init__(
        self,
        core: Core,
        storage: SlowStorage,
        chat: SlowChat,
        database: Database,
        runway: str,
        provider: SlowRunway,
        replica: Replica,
        clock: OwnClock,
        waits: HurriedClock,
    ) -> None:
        self._clock = clock
        self.waits = waits
        self._replica = replica
        self.provider = provider
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

    async def lose_lease(self) -> None:
        """The lease ran out before it was renewed; another one begins."""
        await self.end_leases()
        await self.worker.lost()
        await self._replica.join()

    async def sleep_long(self) -> None:
        """The replica stood still until its lease was over by its own clock."""
        self._clock.slept = 60.0

    async def take_away(self, job_id: str, replica: str) -> None:
        """Another replica takes a job over."""
        taken = update(jobs).where(jobs.c.id == job_id)
        taken = taken.values(holder=replica, fence=jobs.c.fence + 1)
        await self.database.write(lambda c: c.execute(taken) and None)

    async def resend_elsewhere(self, job_id: str) -> None:
        """A replica that is gone by now began to send it a second time."""
        sent = update(jobs).where(jobs.c.id == job_id)
        sent = sent.values(holder="gone", fence=jobs.c.fence + 1, submitted_at=1)
        await self.database.write(lambda c: c.execute(sent) and None)

    async def pass_the_wait(self, job_id: str) -> None:
        """The moment has come for another attempt."""
        due = update(jobs).where(jobs.c.id == job_id).values(due_at=None)
        await self.database.write(lambda c: c.execute(due) and None)
        self.worker.wake()

    async def turned_away(self, job_id: str, times: int) -> None:
        """It was sent so often by now."""
        tried = update(jobs).where(jobs.c.id == job_id).values(attempts=times)
        await self.database.write(lambda c: c.execute(tried) and None)

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
async def staged(
    tmp_path: Path, session: aiohttp.ClientSession, **runway: Any
) -> AsyncIterator[Stage]:
    """The core at work; nothing of it is left afterwards. `runway` are settings of the stand-in."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulator_on(tmp_path, **runway))
        database = await open_database(f"sqlite:///{tmp_path / 'dailies.db'}")
        stack.push_async_callback(database.close)
        archive, catalog, chat = Archive(str(tmp_path / "archive")), load_catalog(), SlowChat()
        provider = await stack.enter_async_context(
            SlowRunway(simulator.url, KEY, catalog, archive, 0.1)
        )
        defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
        storage = SlowStorage(database, defaults)
        lease, clock, waits = timedelta(seconds=30), OwnClock(), HurriedClock()
        replica = Replica(SqlReplicas(database, lease, alone=True), clock, lease)
        await replica.join()
        core = await build_core(
            config_for(tmp_path, simulator.url),
            Ports(
                storage=storage,
                quotas=(quotas := SqlQuotas(database, defaults)),
                drafts=quotas,
                orders=SqlOrders(database),
                catalog=catalog,
                provider=provider,
                library=MediaLibrary(archive, Downloader(session, allow_loopback=True)),
                archive=archive,
                chats={"slow": chat},
                replica=replica,
                clock=waits,
                door=Door(
                    burst=100,
                    per_minute=100,
                    clock=SystemClock(),
                    count=lambda *_: None,
                    span=no_span,
                ),
            ),
        )
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        yield Stage(core, storage, chat, database, simulator.url, provider, replica, clock, waits)
