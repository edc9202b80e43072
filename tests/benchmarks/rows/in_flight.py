"""5,000 tasks in flight in one process: whether each is asked on time, the loop's lag, and memory.

The real core on SQLite, with jobs that were sent within the last three minutes, asks a server in
another process, which says that they are all at work; the chat does nothing.
"""

import asyncio
import gc
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from sqlalchemy import insert

from bot.archive import Archive
from bot.catalog import load_catalog
from bot.clock import SystemClock
from bot.commandline.running import stay_quick
from bot.core import Core, Ports, build_core
from bot.credits import Allowance
from bot.desk.acceptance import new_job
from bot.desk.door import Door
from bot.jobs import Cause, State
from bot.media.download import Downloader
from bot.media.library import MediaLibrary
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest, Operation
from bot.runway.client import RunwayClient
from bot.timing.plans import Plans
from bot.timing.polling import FLOOR_SECONDS
from bot.watching.telemetry import no_span
from storage.database import Database
from storage.engines.opening import open_database
from storage.orders import SqlOrders
from storage.quota import SqlQuotas
from storage.replicas import SqlReplicas
from storage.rows import job_values, new_job_values
from storage.rules import Defaults
from storage.schema import jobs
from storage.storage import SqlStorage
from tests.benchmarks.loop_lag import runnable
from tests.benchmarks.row import Row
from tests.benchmarks.tasks_server import tasks_served
from tests.scenario.processes import KEY
from tests.scenario.slow_ports import SlowChat
from tests.scenario.slowly import ADA
from tests.scenario.stage import config_for

TASKS, SECONDS, EVERY = 5000, 25.0, 0.01
SENT_WITHIN = 180.0
LEASE = timedelta(minutes=10)
PAGE = resource.getpagesize()
REQUEST = GenerationRequest(
    Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 5, ratio="720:720", seed=7
)


class Timed(Plans):
    """Notes how late it calls back what was planned."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self.all_planned = asyncio.Event()
        self._seen: set[str] = set()

    def later(self, job_id: str, seconds: float, action: Callable[[str], None]) -> None:
        self._seen.add(job_id)
        if len(self._seen) == TASKS:
            self.all_planned.set()
        due = time.monotonic() + seconds

        def timed(job_id: str) -> None:
            self.late.append(time.monotonic() - due)
            action(job_id)

        super().later(job_id, seconds, timed)


async def measure() -> list[Row]:
    """Lateness and lag at the 99th percentile, and memory and processor time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    stay_quick()  # as `dailies run` does
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(tasks_served())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dailies-bench-")))
        core, database = await _core(stack, folder, url)
        await _send(database)
        plans = core.worker._plans = Timed()
        gc.collect()
        idle = _resident()
        began = time.monotonic()
        await core.worker.start()
        stack.push_async_callback(core.worker.stop, 1.0)
        await plans.all_planned.wait()
        print(f"  taken up in {time.monotonic() - began:.1f} s", flush=True)
        plans.late.clear()
        return await _watched(plans, idle)


async def _watched(plans: Timed, idle: int) -> list[Row]:
    spent, began, lags, real = time.process_time(), time.monotonic(), [], []
    while time.monotonic() < began + SECONDS:
        before, waited = time.monotonic(), runnable()
        await asyncio.sleep(EVERY)
        lag = time.monotonic() - before - EVERY
        real.append(lag)
        lags.append(max(0.0, lag - (runnable() - waited)))
    core = (time.process_time() - spent) / SECONDS
    gc.collect()
    memory = (_resident() - idle) / TASKS / 1024
    rate = len(plans.late) / SECONDS
    print(
        f"  {rate:.0f} polls/s at {core:.0%} of a core, load {os.getloadavg()[0]:.1f}; lag p99 with "
        f"waiting for a processor {_p99(real):.0f} ms, worst {max(real) * 1000:.0f} ms"
    )
    return [
        Row("5,000 in flight: polls late, p99", _p99(plans.late), "ms", 100),
        Row("5,000 in flight: event-loop lag, p99", _p99(lags), "ms", 20),
        Row("5,000 in flight: memory per task", memory, "KB", 4),
    ]


def _p99(seconds: list[float]) -> float:
    """In milliseconds."""
    return sorted(seconds)[int(0.99 * len(seconds))] * 1000


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def _send(database: Database) -> None:
    """Rows of jobs that are at Runway, and nobody's."""
    now = SystemClock().now()
    rows = []
    for n in range(TASKS):
        job = new_job(f"job{n:07d}", ADA, REQUEST, Cause.COMMAND, None, now)
        sent = now - timedelta(seconds=SENT_WITHIN * n / TASKS)
        there = {"state": State.RUNNING, "task_id": job.id, "card": job.id, "submitted_at": sent}
        rows.append(new_job_values(job) | job_values(there))
    await database.write(lambda c: c.execute(insert(jobs), rows) and None)


async def _core(stack: AsyncExitStack, folder: Path, url: str) -> tuple[Core, Database]:
    database = await open_database(f"sqlite:///{folder / 'dailies.db'}")
    stack.push_async_callback(database.close)
    archive, catalog, clock = Archive(str(folder / "archive")), load_catalog(), SystemClock()
    session = await stack.enter_async_context(aiohttp.ClientSession())
    defaults = Defaults(Allowance(10**9), 10**6, ZoneInfo("UTC"), Moderation())
    config = config_for(folder, url)
    runway = config.runway.model_copy(update={"poll_seconds": FLOOR_SECONDS})
    config = config.model_copy(update={"runway": runway})
    replica = Replica(SqlReplicas(database, LEASE, alone=True), clock, LEASE)
    await replica.join()
    core = await build_core(
        config,
        Ports(
            storage=SqlStorage(database, defaults),
            quotas=(quotas := SqlQuotas(database, defaults)),
            drafts=quotas,
            orders=SqlOrders(database),
            catalog=catalog,
            provider=await stack.enter_async_context(
                RunwayClient(url, KEY, catalog, archive, FLOOR_SECONDS)
            ),
            library=MediaLibrary(archive, Downloader(session, allow_loopback=True)),
            archive=archive,
            chats={"slow": SlowChat()},
            replica=replica,
            clock=clock,
            door=Door(burst=9, per_minute=9, clock=clock, count=lambda *_: None, span=no_span),
        ),
    )
    return core, database
