"""Whatever happens in whatever order, the books are right after every step."""

import asyncio
import os
import sqlite3
from collections import Counter, defaultdict
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
    multiple,
    precondition,
    rule,
)

from bot.credits import Allowance, Outcome, Period, period_end, period_start, settle
from bot.errors import NotEnoughCredits, StaleJob, TooManyJobs
from bot.jobs import Job, Member, State
from bot.ports import Once
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Operation
from storage.engines.opening import open_database
from storage.rules import Defaults
from tests.storage.books import Rows

HERE = "playground:local"
MEMBERS = [Member(HERE, name) for name in ("ada", "ben")]
ZONE = ZoneInfo("Europe/Berlin")
CONFIGURED = Allowance(100, Period.WEEK)
JOBS_IN_FLIGHT = 4
ONWARD = {
    State.QUEUED: State.SUBMITTING,
    State.SUBMITTING: State.RUNNING,
    State.RUNNING: State.COLLECTING,
    State.COLLECTING: State.DELIVERING,
}
ENDS = {
    State.QUEUED: [(State.CANCELLED, Outcome.NEVER_SENT)],
    State.SUBMITTING: [(State.UNCERTAIN, Outcome.UNCERTAIN), (State.FAILED, Outcome.NEVER_SENT)],
    State.RUNNING: [
        (State.FAILED, Outcome.FAILED),
        (State.FAILED, Outcome.INPUT_REFUSED),
        (State.CANCELLED, Outcome.CANCELLED_RUNNING),
        (State.CANCELLED, Outcome.CANCELLED_WAITING),
    ],
    State.COLLECTING: [(State.FAILED, Outcome.FAILED)],
    State.DELIVERING: [
        (State.DELIVERED, Outcome.DELIVERED),
        (State.UNDELIVERABLE, Outcome.UNDELIVERABLE),
    ],
}
Account = tuple[Member, Period, datetime]


class Books(RuleBasedStateMachine):
    """The storage beside a model of what every member has held and spent."""

    jobs = Bundle("jobs")

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name, "dailies.db")
        self.runner = asyncio.Runner()
        self.now = datetime(2026, 10, 20, 12, tzinfo=UTC)
        self.database: Any = None
        self.rows: dict[str, Job] = {}
        self.made_by: dict[str, str] = {}
        self.account_of: dict[str, Account] = {}
        self.held: Counter[Account] = Counter()
        self.spent: Counter[Account] = Counter()
        self.ceiling: dict[Account, float] = defaultdict(float)
        self.booked = 0
        self.own: dict[str, Allowance] = {}
        self.budget: Allowance | None = None
        self.reopen()
        self.outside = sqlite3.connect(self.path)

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def look(self, query: str, *values: object) -> list[Any]:
        return self.outside.execute(query, values).fetchall()

    def allowance(self, member: Member) -> Allowance:
        return self.own.get(f"member:{member.id}") or self.own.get("default") or CONFIGURED

    def account(self, member: Member) -> Account:
        period = self.allowance(member).period
        return member, period, period_start(self.now, period, ZONE)

    def used(self, member: Member) -> tuple[int, int]:
        _, _, start = self.account(member)
        jobs = [j for j in self.rows.values() if j.owner == member and j.created_at >= start]
        held = sum(j.request.price for j in jobs if not j.state.is_over)
        return held, sum(j.charged or 0 for j in jobs)

    def budget_use(self) -> int:
        """Held and spent of the budget's bucket of now; 0 when nothing was counted in it yet."""
        assert self.budget is not None
        day = period_start(self.now, self.budget.period, ZONE).astimezone(ZONE).date()
        bucket = f"{HERE}|budget|{self.budget.period}|{day}"
        found = self.look("SELECT held + captured FROM buckets WHERE id = ?", bucket)
        return found[0][0] if found else 0

    @rule(
        target=jobs,
        member=st.sampled_from(MEMBERS),
        price=st.integers(1, 60),
        event=st.none() | st.sampled_from("abcdef"),
    )
    def accept(self, member: Member, price: int, event: str | None) -> Any:
        id = f"job{len(self.rows) + 1}"
        request = GenerationRequest(Operation.IMAGE_TO_VIDEO, "gen4_turbo", "go", price)
        job = Job(id, member, "main", request, State.QUEUED, self.now)
        once = [Once(event)] if event else []
        known = self.made_by.get(event or "")
        open_jobs = sum(j.owner == member and not j.state.is_over for j in self.rows.values())
        account, limit = self.account(member), self.allowance(member).credits
        used = sum(self.used(member))
        try:
            accepted = self.run(self.storage.accept(job, once, self.now))
        except TooManyJobs:
            assert known is None
            assert open_jobs >= JOBS_IN_FLIGHT
            return multiple()
        except NotEnoughCredits as error:
            assert known is None
            assert open_jobs < JOBS_IN_FLIGHT
            whole = self.budget if error.team else self.allowance(member)
            self.check_refusal(error, whole, self.budget_use() if error.team else used)
            return multiple()
        if known is not None:
            assert accepted.id == known
            return multiple()
        assert accepted.id == id
        assert open_jobs < JOBS_IN_FLIGHT
        assert limit is None or used + price <= limit
        if self.budget is not None and self.budget.credits is not None:
            assert self.budget_use() <= self.budget.credits
        self.rows[id], self.account_of[id] = accepted, account
        self.held[account] += price
        self.ceiling[account] = max(self.ceiling[account], float("inf") if limit is None else limit)
        if event:
            self.made_by[event] = id
        return id

    def check_refusal(self, error: NotEnoughCredits, whole: Allowance | None, used: int) -> None:
        assert whole is not None
        assert whole.credits is not None
        assert used + error.price > whole.credits
        assert error.left == max(0, whole.credits - used)

    @rule(id=jobs)
    def advance(self, id: str) -> None:
        job = self.rows[id]
        if job.state in ONWARD:
            self.rows[id] = self.run(self.storage.advance(job, ONWARD[job.state]))
            with pytest.raises(StaleJob):
                self.run(self.storage.advance(job, ONWARD[job.state]))

    @rule(id=jobs, choice=st.integers(0, 3), cost=st.none() | st.integers(0, 90))
    def finish(self, id: str, choice: int, cost: int | None) -> None:
        job = self.rows[id]
        if job.state.is_over:
            return
        ends = ENDS[job.state]
        to, outcome = ends[choice % len(ends)]
        self.rows[id] = self.run(self.storage.finish(job, to, outcome, self.now, cost))
        settlement = settle(outcome, job.request.price, cost)
        account = self.account_of[id]
        self.held[account] -= job.request.price
        self.spent[account] += settlement.captured
        self.booked += settlement.booked
        with pytest.raises(StaleJob):
            self.run(self.storage.finish(job, to, outcome, self.now, cost))

    @rule(id=jobs)
    def finish_what_is_over(self, id: str) -> None:
        over = self.rows[id]
        if over.state.is_over:
            for state, ends in ENDS.items():
                earlier = Job(**{**vars(over), "state": state})
                with pytest.raises(StaleJob):
                    self.run(self.storage.finish(earlier, *ends[0], self.now, 10))

    @rule(
        scope=st.sampled_from(["default", "workspace", "member:ada", "member:ben"]),
        credits=st.none() | st.integers(0, 150),
        period=st.sampled_from(Period),
    )
    def set_allowance(self, scope: str, credits: int | None, period: Period) -> None:
        allowance = Allowance(credits, period)
        self.run(self.storage.set_allowance(HERE, scope, allowance, MEMBERS[0], self.now))
        if scope == "workspace":
            self.budget = allowance
        else:
            self.own[scope] = allowance

    @rule(hours=st.sampled_from([1, 12, 24, 24 * 7, 24 * 31]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def reopen(self) -> None:
        if self.database is not None:
            self.run(self.database.close())
        self.database = self.run(open_database(f"sqlite:///{self.path}"))
        self.storage = Rows(self.database, Defaults(CONFIGURED, JOBS_IN_FLIGHT, ZONE, Moderation()))

    @invariant()
    def every_bucket_is_the_sum_of_its_entries(self) -> None:
        sums = dict.fromkeys(self.look("SELECT id, held, captured FROM buckets"))
        entries = {
            bucket: (held, captured)
            for bucket, held, captured in self.look(
                "SELECT bucket, sum(held), sum(captured) FROM ledger GROUP BY bucket"
            )
        }
        for bucket, held, captured in sums:
            assert entries.get(bucket, (0, 0)) == (held, captured), bucket

    @invariant()
    def what_is_held_is_what_open_jobs_hold(self) -> None:
        query = (
            "SELECT b.id, b.held, coalesce(sum(h.amount), 0) FROM buckets b "
            "LEFT JOIN hold_legs l ON l.bucket = b.id "
            "LEFT JOIN holds h ON h.job = l.job AND h.open = 1 GROUP BY b.id"
        )
        for bucket, held, of_open_jobs in self.look(query):
            assert held == of_open_jobs, bucket

    @invariant()
    def every_member_stands_where_the_model_says_and_within_the_limit(self) -> None:
        for member in MEMBERS:
            allowance = self.allowance(member)
            balance = self.run(self.storage.balance(member, self.now))
            assert (balance.held, balance.captured) == self.used(member)
            assert balance.allowance == allowance
            assert balance.resets_at == period_end(self.now, allowance.period, ZONE)
        for account, ceiling in self.ceiling.items():
            assert self.held[account] + self.spent[account] <= ceiling

    @invariant()
    def every_job_is_settled_once_when_it_is_over_and_not_before(self) -> None:
        entries = defaultdict(list)
        for job, kind, held, captured in self.look(
            "SELECT job, kind, held, captured FROM ledger WHERE bucket LIKE '%|member|%' "
            "AND member IS NOT NULL"
        ):
            entries[job].append((kind, held, captured))
        for id, job in self.rows.items():
            kinds = Counter(kind for kind, _, _ in entries[id])
            left = sum(held for _, held, _ in entries[id])
            if job.state.is_over:
                assert left == 0
                assert kinds["hold"] == 1
                assert (kinds["capture"], kinds["release"]) in {(1, 0), (0, 1), (1, 1)}
                assert sum(captured for *_, captured in entries[id]) == job.charged
            else:
                assert kinds == {"hold": 1}
                assert left == job.request.price

    @invariant()
    def what_the_workspace_pays_is_all_in_its_own_accounts(self) -> None:
        query = "SELECT coalesce(sum(captured), 0) FROM buckets WHERE id IN (?, ?)"
        assert self.look(query, f"{HERE}|workspace", f"{HERE}|unreconciled") == [(self.booked,)]

    @precondition(lambda self: bool(self.made_by))
    @rule(data=st.data())
    def deliver_an_event_again(self, data: Any) -> None:
        event = data.draw(st.sampled_from(sorted(self.made_by)))
        again = Job(**{**vars(self.rows[self.made_by[event]]), "id": "again"})
        later = self.now + timedelta(days=1)
        assert self.run(self.storage.accept(again, [Once(event)], later)).id == self.made_by[event]

    def teardown(self) -> None:
        self.outside.close()
        self.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()


Books.TestCase.settings = settings(
    max_examples=int(os.environ.get("DAILIES_EXAMPLES", "10")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestBooks = Books.TestCase
