"""A job's life under two replicas that die, sleep and come back, in whatever order."""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    run_state_machine_as_test,
)
from hypothesis.stateful import rule as on
from sqlalchemy import text, update

from bot.credits import Allowance, Outcome
from bot.errors import StaleJob
from bot.jobs import AT_RUNWAY, Job, Member, State
from bot.ports import ModelLimits
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.engines.opening import open_database
from storage.replica_tables import replicas as lease_table
from storage.replicas import SqlReplicas
from storage.rules import Defaults
from storage.storage import SqlStorage
from tests.postgres import Server, apart

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = 5
PLACES = 3
NOBODY = -1
LIMITS = {"gen4_image": ModelLimits(concurrent=PLACES, daily=None, made_today=0)}
LEASE = timedelta(hours=1)
ONWARD = {
    State.SUBMITTING: State.RUNNING,
    State.RUNNING: State.COLLECTING,
    State.COLLECTING: State.DELIVERING,
}
ENDS = {
    State.SUBMITTING: (State.UNCERTAIN, Outcome.UNCERTAIN),
    State.RUNNING: (State.FAILED, Outcome.FAILED),
    State.COLLECTING: (State.FAILED, Outcome.FAILED),
    State.DELIVERING: (State.DELIVERED, Outcome.DELIVERED),
}
COPIES = st.integers(0, 3)
_BOOKS = text(
    "SELECT (SELECT coalesce(sum(held), 0) FROM buckets), count(*), "
    "count(DISTINCT job || bucket || kind) FROM ledger"
)


class Life(RuleBasedStateMachine):
    """Two replicas on the real storage; each remembers rows as it once read them, as zombies do."""

    open: Callable[[], str]
    names = Bundle("names")

    @initialize()
    def begin(self) -> None:
        self.url = type(self).open()
        self.runner = asyncio.Runner()
        self.database: Any = self.run(open_database(self.url))
        defaults = Defaults(Allowance(None), 1000, ZoneInfo("UTC"), Moderation())
        self.storage = SqlStorage(self.database, defaults)
        self.replicas = [SqlReplicas(self.database, LEASE, alone=False) for _ in range(2)]
        for replica in self.replicas:
            self.run(replica.join())
        self.live = [True, True]
        self.known: list[dict[str, list[Job]]] = [{}, {}]
        self.owner: dict[str, tuple[int, int]] = {}  # who took it last, and with which fence
        self.let_go_of: set[str] = set()
        self.states: dict[str, State] = {}
        self.intents: list[tuple[int, Job]] = []
        self.creates: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @on(target=names, member=st.sampled_from("ab"))
    def accept(self, member: str) -> str:
        name = f"job{len(self.states)}"
        request = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", PRICE)
        job = Job(name, Member("playground:local", member), "main", request, State.QUEUED, NOW)
        self.run(self.storage.accept(job, [], NOW))
        self.states[name] = State.QUEUED
        return name

    @on(who=st.integers(0, 1))
    def take_turns(self, who: int) -> None:
        before = dict(self.states)
        taken = self.run(self.storage.take_turns(self.replicas[who].id, LIMITS))
        assert self.live[who] or not taken
        for job in taken:
            assert before[job.id] is State.QUEUED
            self.take(who, job)

    @on(who=st.integers(0, 1))
    def take_over(self, who: int) -> None:
        taken = self.run(self.storage.take_over(self.replicas[who].id, 10))
        assert self.live[who] or not taken
        for job in taken:
            assert job.state is not State.QUEUED
            self.take(who, job)

    def take(self, who: int, job: Job) -> None:
        """Nobody loses a job while his lease runs, unless he let go of it."""
        if job.id in self.owner:
            last, fence = self.owner[job.id]
            assert last == NOBODY or not self.live[last] or job.id in self.let_go_of
            assert job.fence == fence + 1
        self.owner[job.id] = (who, job.fence)
        self.let_go_of.discard(job.id)
        self.remember(who, job)

    def remember(self, who: int, job: Job) -> None:
        self.known[who].setdefault(job.id, []).append(job)

    def recall(self, who: int, name: str, back: int) -> Job | None:
        """The row as this replica read it, now or some steps ago."""
        rows = self.known[who].get(name)
        return rows[-1 - back % len(rows)] if rows else None

    def is_current(self, who: int, job: Job) -> bool:
        return self.owner[job.id] == (who, job.fence) and self.states[job.id] is job.state

    @on(who=st.integers(0, 1), name=names, back=COPIES)
    def submit(self, who: int, name: str, back: int) -> None:
        """Write the intent down; the create comes whenever `create` lets it."""
        job = self.recall(who, name, back)
        if job is not None and job.state is State.QUEUED and self.moves(who, job, State.SUBMITTING):
            self.intents.append((who, self.known[who][name][-1]))

    @on(which=st.integers(0, 3))
    def create(self, which: int) -> None:
        """Go on after an intent, however much has happened since: confirm, and ask Runway."""
        if self.intents:
            who, job = self.intents.pop(which % len(self.intents))
            self.creates[job.id] += self.confirms(who, job)

    @on(who=st.integers(0, 1), name=names, back=COPIES)
    def turned_away(self, who: int, name: str, back: int) -> None:
        """Runway certainly made nothing: back to the queue, and nobody's."""
        job = self.recall(who, name, back)
        if job is None or job.state is not State.SUBMITTING or self.creates[name]:
            return
        if self.moves(who, job, State.QUEUED, holder=None):
            self.let_go_of.add(name)

    @on(who=st.integers(0, 1), name=names, back=COPIES)
    def advance(self, who: int, name: str, back: int) -> None:
        job = self.recall(who, name, back)
        if job is not None and job.state in ONWARD:
            task = {"task_id": f"task of {name}"} if job.state is State.SUBMITTING else {}
            self.moves(who, job, ONWARD[job.state], **task)

    def moves(self, who: int, job: Job, to: State, **changes: Any) -> bool:
        current = self.is_current(who, job)
        try:
            moved = self.run(self.storage.advance(job, to, **changes))
        except StaleJob:
            assert not current
            return False
        assert current
        self.states[job.id] = to
        self.remember(who, moved)
        return True

    def confirms(self, who: int, job: Job) -> bool:
        try:
            self.run(self.storage.confirm(job, self.replicas[who].id))
        except StaleJob:
            assert not (self.live[who] and self.is_current(who, job))
            return False
        assert self.live[who]
        assert self.is_current(who, job)
        return True

    @on(who=st.integers(0, 1), name=names, back=COPIES)
    def finish(self, who: int, name: str, back: int) -> None:
        job = self.recall(who, name, back)
        if job is None or job.state not in ENDS:
            return
        if job.state is State.DELIVERING and not self.confirms(who, job):
            return
        end, outcome = ENDS[job.state]
        current = self.is_current(who, job)
        try:
            over = self.run(self.storage.finish(job, end, outcome, NOW, PRICE))
        except StaleJob:
            assert not current
            return
        assert current
        self.posts[name] += end is State.DELIVERED
        self.states[name] = end
        self.remember(who, over)

    @on(who=st.integers(0, 1), name=names, back=COPIES)
    def let_go(self, who: int, name: str, back: int) -> None:
        job = self.recall(who, name, back)
        if job is not None and job.state is State.QUEUED:
            self.run(self.storage.release(job))
            if self.is_current(who, job):
                self.let_go_of.add(name)

    @on(who=st.integers(0, 1))
    def die(self, who: int) -> None:
        """Its lease runs out; what it remembers stays, and it does not know."""
        ended = update(lease_table).where(lease_table.c.id == self.replicas[who].id)
        self.run(self.database.write(lambda c: c.execute(ended.values(lease_until=1)) and None))
        self.live[who] = False

    @on(who=st.integers(0, 1))
    def come_back(self, who: int) -> None:
        """It finds its lease gone and begins anew; its memory of rows is a zombie's from now on."""
        assert self.run(self.replicas[who].renew()) is self.live[who]
        if not self.live[who]:
            self.run(self.replicas[who].join())
            self.live[who] = True
            self.owner = {
                name: (NOBODY, fence) if holder == who else (holder, fence)
                for name, (holder, fence) in self.owner.items()
            }

    @invariant()
    def one_create_and_one_post(self) -> None:
        assert all(n <= 1 for n in self.creates.values())
        assert all(n <= 1 for n in self.posts.values())

    @invariant()
    def the_books_are_right(self) -> None:
        over = [name for name, state in self.states.items() if state.is_over]
        held, written, distinct = self.run(self.database.read(lambda c: c.execute(_BOOKS).one()))
        assert held == PRICE * (len(self.states) - len(over))
        assert written == distinct
        at_runway = sum(state in AT_RUNWAY for state in self.states.values())
        assert at_runway <= PLACES + 2  # of a dead replica's, some may be there still

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.run(self.database.close())
            self.runner.close()


@pytest.fixture
def opens(request: pytest.FixtureRequest, migrated_file: Path) -> Any:
    """Gives the addresses of empty databases on an engine, and takes them all away."""
    folders: list[TemporaryDirectory[str]] = []
    urls: list[str] = []

    def on_sqlite() -> str:
        folders.append(TemporaryDirectory())
        path = Path(folders[-1].name, "dailies.db")
        shutil.copy(migrated_file, path)
        return f"sqlite:///{path}"

    def on_postgres() -> str:
        server: Server = request.getfixturevalue("postgres")
        while urls:
            apart(server.give_back(urls.pop()))
        urls.append(apart(server.database()))
        return urls[-1]

    yield {"sqlite": on_sqlite, "postgresql": on_postgres}
    for folder in folders:
        folder.cleanup()
    for url in urls:
        apart(request.getfixturevalue("postgres").give_back(url))


@pytest.mark.parametrize(("engine", "examples"), [("sqlite", 15), ("postgresql", 3)])
def test_no_job_is_made_or_posted_twice_whoever_dies_when(
    opens: Any, engine: str, examples: int
) -> None:
    examples *= int(os.environ.get("DAILIES_TEST_EFFORT", "1"))
    life = type("LifeHere", (Life,), {"open": staticmethod(opens[engine])})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
