"""A whole world for one engine: Runway's stand-in, a database, replicas behind wires, and people."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.chaos.actor import Actor
from tests.chaos.chat import Chat
from tests.chaos.discord_chat import DiscordChat
from tests.chaos.disk_faults import DISK_FAULTS
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.playground_chat import PlaygroundChat
from tests.chaos.proof import Evidence, Verdict, judge
from tests.chaos.rows import Rows
from tests.chaos.slack_chat import SlackChat
from tests.chaos.takeovers import Takeovers
from tests.chaos.traffic import WORDS, Traffic
from tests.chaos.wires import bucket_for, database_for, wired
from tests.postgres import Server
from tests.scenario.evidence import read_books
from tests.scenario.processes import Simulator, simulator_arguments

# Backoffs, surprises and leases are over by then; whatever has no end now never gets one.
REST_SECONDS = 150.0
PROGRESS_SECONDS = 20.0
SIMULATOR = {
    "image_seconds": 0.3,
    "queue_seconds": 0.05,
    "jitter": 0.3,
    "concurrency": 30,
    "daily_limit": 1_000_000,
    "balance": 100_000_000,
}


@dataclass(frozen=True)
class Plan:
    """`runs` is the number of kills and faults, `jobs` the least number of jobs."""

    engine: str
    replicas: int
    runs: int
    seed: int
    platform: str = "playground"
    archive: str = "folder"
    jobs: int = 0
    lease: float = 2.5
    at_once: int = 10
    words: tuple[str, ...] = WORDS

    @property
    def name(self) -> str:
        bucket = ", bucket" if self.archive == "bucket" else ""
        return f"{self.engine} × {self.replicas}, {self.platform}{bucket}"


@dataclass
class Scene:
    """Faults are counted by kind; a schedule's own are counted when they are seen."""

    plan: Plan
    actors: list[Actor]
    rows: Rows
    chat: Chat
    traffic: Traffic
    takeovers: Takeovers
    session: aiohttp.ClientSession
    runway_url: str
    faults: Counter[str]
    _turns: asyncio.Semaphore
    say: Callable[[str], None] = str

    async def play(self) -> None:
        """Faults until there were enough of them; then calm, until everything has its end."""
        people = asyncio.create_task(self.traffic.run(), name="people")
        watching = asyncio.create_task(self._tell(), name="progress")
        looking = asyncio.create_task(self._keep_looking(), name="takeovers")
        try:
            async with asyncio.TaskGroup() as faults:
                for actor in self.actors:
                    faults.create_task(self._torment(actor))
            self.traffic.stop()
            await asyncio.gather(*(actor.calm() for actor in self.actors))
            await people
            await self._rest()
        finally:
            for task in (people, looking, watching):
                task.cancel()
            await asyncio.gather(people, looking, watching, return_exceptions=True)

    async def judge(self) -> Verdict:
        evidence = Evidence(
            await read_books(self.session, self.runway_url),
            await self.rows.accounts(),
            await self.chat.messages(),
            await self.chat.accepted(),
            await self.rows.jobs_of_events(),
            self.chat.complaints(),
            self.chat.gone,
        )
        verdict = judge(evidence)
        if not verdict.holds:
            found = {"rows": await self.rows.everything(), "book": self.chat.book()}
            await asyncio.to_thread(self._keep, json.dumps(found, default=str))
        return verdict

    def _keep(self, found: str) -> None:
        """What the books say word for word, beside what the replicas said."""
        (self.actors[0].folder / "books.json").write_text(found)

    @property
    def _is_enough(self) -> bool:
        enough = sum(self.faults.values()) >= self.plan.runs
        return enough and self.traffic.sent >= self.plan.jobs

    async def _torment(self, actor: Actor) -> None:
        fitting = [*self._fitting(), *self.chat.faults]
        weights = [fault.weight for fault in fitting]
        while not self._is_enough:
            await asyncio.sleep(actor.rng.uniform(0.1, 0.9) * self.plan.replicas)
            (fault,) = actor.rng.choices(fitting, weights)
            # Of several replicas one is left in peace, or nobody could take over.
            async with self._turns:
                await actor.ready()
                await self._strike(actor, fault)
                await actor.ready()
                await self.chat.listening()

    def _fitting(self) -> Iterator[Fault]:
        for fault in (*FAULTS, *DISK_FAULTS):
            if self.plan.engine in fault.engines and self.plan.archive in fault.archives:
                yield fault

    async def _strike(self, actor: Actor, fault: Fault) -> None:
        if actor.url is None:
            return
        if fault.kind in ("kill", "sleep") and self.plan.replicas > 1:
            replica = actor.replica
            striking = asyncio.create_task(fault.strike(actor))
            await asyncio.sleep(0)
            await self.takeovers.died(replica)
            struck = await striking
        else:
            struck = await fault.strike(actor)
        if struck:
            self.faults[fault.kind] += 1

    async def _tell(self) -> None:
        """Say now and then how far it is."""
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            done, asked = sum(self.faults.values()), len(await self.chat.accepted())
            left = await self.rows.unfinished()
            self.say(f"{self.plan.name}: {done} runs, {asked} jobs accepted, {left} under way")

    async def _keep_looking(self) -> None:
        while True:
            await self.takeovers.look()
            await asyncio.sleep(0.2)

    async def _rest(self) -> None:
        """Wait until nothing is under way; the proof tells what never came to rest."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REST_SECONDS
        while await self.rows.unfinished() and loop.time() < deadline:
            await asyncio.sleep(0.2)


@asynccontextmanager
async def staged(plan: Plan, folder: Path, postgres: Server | None) -> AsyncIterator[Scene]:
    """Everything started; nothing of it is left afterwards."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        options = {**SIMULATOR, "seed": plan.seed % 2**31}
        arguments = simulator_arguments(folder / "runway", **options)
        simulator = await Simulator.start(arguments, {}, folder)
        stack.push_async_callback(simulator.kill)
        await simulator.ready()
        url = await database_for(plan.engine, folder, postgres, stack)
        bucket = await bucket_for(stack) if plan.archive == "bucket" else None
        rows = await Rows.open(url)
        stack.push_async_callback(rows.close)
        actors: list[Actor] = []
        chat = await _chat(plan, rows, session, actors)
        stack.push_async_callback(chat.close)
        faults: Counter[str] = Counter()

        def note(kind: str) -> None:
            faults[kind] += 1

        for number in range(plan.replicas):
            name = f"replica {number}"
            wires = await wired(simulator.url, url, bucket)
            choices = random.Random(f"{plan.seed} {plan.name} {number}")
            actor = Actor(name, folder, wires, dict(chat.environment), plan.lease, choices, note)
            stack.push_async_callback(actor.close)
            actors.append(actor)
        await asyncio.gather(*(actor.start() for actor in actors))
        await chat.listening()
        people = random.Random(f"{plan.seed} people")
        traffic = Traffic(chat, rows, people, note, plan.at_once, plan.words)
        takeovers = Takeovers(rows, plan.lease)
        turns = asyncio.Semaphore(max(1, plan.replicas - 1))
        yield Scene(
            plan, actors, rows, chat, traffic, takeovers, session, simulator.url, faults, turns
        )


async def _chat(
    plan: Plan, rows: Rows, session: aiohttp.ClientSession, actors: list[Actor]
) -> Chat:
    """The platform of the plan; `actors` are still to come."""
    choices = random.Random(f"{plan.seed} {plan.platform}")
    if plan.platform == "discord":
        return await DiscordChat.open(choices, shards=min(plan.replicas, 2))
    if plan.platform == "slack":
        return await SlackChat.open(choices, session)
    return PlaygroundChat(rows, session, choices, actors)
