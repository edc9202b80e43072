"""For whoever watches us: /healthz (alive), /readyz (able to work) and /metrics."""

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errands import Errands
from bot.jobs import AT_RUNWAY, Job, State
from bot.ports import Clock, Storage
from bot.watching.metrics import Metrics
from bot.web.server import ALIVE, ANSWER

log = structlog.get_logger()

Serve = Callable[[web.Request], Awaitable[web.Response]]

DATABASE_SECONDS = 5.0
LAG_SECONDS = 0.5
# Runway is done with these: what is left is to keep the result and to post it.
MADE = (State.COLLECTING, State.DELIVERING)


class Connected(Protocol):
    """A platform, as far as we look at it."""

    @property
    def name(self) -> str: ...
    def connected(self) -> bool: ...


class Monitoring:
    """Looks at everything when asked, and at the event loop all the time."""

    def __init__(
        self,
        *,
        metrics: Metrics,
        shown: bool,
        token: str | None,
        storage: Storage,
        platforms: Sequence[Connected],
        stopping: Callable[[], bool],
        may_work: Callable[[], bool],
        stalled: timedelta,
        clock: Clock,
    ) -> None:
        self._metrics = metrics
        self._shown = shown
        self._token = token
        self._storage = storage
        self._platforms = platforms
        self._stopping = stopping
        self._may_work = may_work
        self._stalled = stalled
        self._clock = clock
        self._errands = Errands()

    def add_routes(self, app: web.Application) -> None:
        """/metrics only where it is wanted; with a token, for whoever sends it."""
        app.router.add_get(ALIVE, self._alive)
        app.router.add_get("/readyz", self._ready)
        if self._shown:
            app.router.add_get("/metrics", _guarded(self._measured, self._token))

    async def start(self) -> None:
        self._errands.begin(self._watch_loop(), "loop lag")

    async def stop(self) -> None:
        await self._errands.stop()

    async def checks(self) -> dict[str, str]:
        """What is not as it should be, by what it is; empty when we can work."""
        return self._wrong(await self._jobs())

    async def _jobs(self) -> list[Job] | None:
        """Every job that is not told yet; None where the database is away."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._storage.unfinished()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no database
            log.warning("database not read", error=type(error).__name__)
            return None

    def _wrong(self, jobs: Sequence[Job] | None) -> dict[str, str]:
        wrong = {p.name: "not connected" for p in self._platforms if not p.connected()}
        if self._stopping():
            wrong["process"] = "is being stopped"
        if jobs is None:
            return {**wrong, "database": "does not answer"}
        if not self._may_work():
            wrong["database"] = "cannot be written: the lease of this replica has run out"
        if stuck := self._stuck(jobs):
            minutes = self._stalled.total_seconds() / 60
            wrong["queue"] = f"{stuck} waited for over {minutes:g} min with nothing at work"
        return wrong

    def _stuck(self, jobs: Sequence[Job]) -> int:
        """Jobs that should have been taken up long ago: their model has nothing at Runway.

        A long queue that moves is no trouble, and neither is a job that waits for its time.
        """
        now = self._clock.now()
        busy = {job.request.model for job in jobs if job.state in AT_RUNWAY}
        return sum(
            job.state is State.QUEUED
            and job.request.model not in busy
            and now - (job.due_at or job.created_at) > self._stalled
            for job in jobs
        )

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text=ANSWER)

    async def _ready(self, _request: web.Request) -> web.Response:
        wrong = await self.checks()
        names = [platform.name for platform in self._platforms]
        body = {"ready": not wrong, "platforms": names, "wrong": wrong}
        return web.json_response(body, status=503 if wrong else 200)

    async def _measured(self, _request: web.Request) -> web.Response:
        await self._measure()
        text = await asyncio.to_thread(self._metrics.text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _measure(self) -> None:
        """What is a state and no event, as it is now."""
        for platform in self._platforms:
            self._metrics.connected.labels(platform.name).set(platform.connected())
        jobs = await self._jobs()
        self._metrics.ready.set(not self._wrong(jobs))
        if jobs is None:
            self._metrics.forget_jobs()
        else:
            self._measure_jobs([job for job in jobs if not job.state.is_over])

    def _measure_jobs(self, jobs: Sequence[Job]) -> None:
        queued = [job for job in jobs if job.state is State.QUEUED]
        made = [job.noticed_at or job.created_at for job in jobs if job.state in MADE]
        self._metrics.queue_age.set(self._oldest(job.created_at for job in queued))
        self._metrics.result_age.set(self._oldest(made))
        self._metrics.held.set(sum(job.request.price for job in jobs))
        self._metrics.queue.clear()
        for model, count in Counter(job.request.model for job in queued).items():
            self._metrics.queue.labels(model).set(count)
        states = Counter(job.state for job in jobs)
        for state in State:
            if not state.is_over:
                self._metrics.open.labels(state.value).set(states[state])

    def _oldest(self, since: Iterable[datetime]) -> float:
        """For how many seconds the oldest of them has lasted; 0 where there is none."""
        now = self._clock.now()
        return max(((now - at).total_seconds() for at in since), default=0.0)

    async def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._metrics.loop_lag.observe(max(0.0, loop.time() - due))


def _guarded(serve: Serve, token: str | None) -> Serve:
    """A page for whoever knows the word; for everybody where there is none."""
    if token is None:
        return serve
    expected = f"Bearer {token}".encode()

    async def ask(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, expected):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return await serve(request)

    return ask
