"""Any order of holds, captures, releases, grants, expiries, periods and restarts keeps the books true."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from sqlalchemy import select

from bot.credits import Allowance, Outcome, Period
from bot.errors import Refused, StaleJob
from bot.jobs import State
from storage.engines.opening import open_database
from storage.schema import holds, jobs
from tests.postgres import apart

members = st.sampled_from(["ada", "ben"])
prices = st.integers(0, 60)


class BooksMachine(RuleBasedStateMachine):
    """Drives the real storage; the model is a list of what was captured from whom, and when."""

    jobs = Bundle("jobs")
    books_type: type
    new_database: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.url = type(self).new_database()
        self.captured = 0
        self.booked = 0
        self.books = None
        self.open()

    def open(self) -> None:
        database = self.run(open_database(self.url))
        before = self.books
        self.books = self.books_type(database, self.defaults)
        if before is not None:
            self.books.now, self.books._ids = before.now, before._ids

    def run(self, coroutine):
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.books.database.close())
        self.runner.close()

    @rule(target=jobs, member=members, price=prices, count=st.integers(1, 4))
    def accept_at_once(self, member, price, count):
        async def all_at_once():
            accepts = (self.books.accept(member, price) for _ in range(count))
            return await asyncio.gather(*accepts, return_exceptions=True)

        answers = self.run(all_at_once())
        accepted = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert all(isinstance(a, Refused) for a in answers if a not in accepted)
        return multiple(*accepted)

    @rule(job=consumes(jobs), cost=st.one_of(st.none(), st.integers(0, 90)))
    def deliver(self, job, cost):
        self.run(self.books.deliver(job, cost))
        charged = job.request.price if cost is None else cost
        self.captured += min(charged, job.request.price)
        self.booked += max(0, charged - job.request.price)

    @rule(job=consumes(jobs))
    def give_up_uncertain(self, job):
        sent = self.run(self.books.storage.advance(job, State.SUBMITTING))
        self.run(
            self.books.storage.finish(sent, State.UNCERTAIN, Outcome.UNCERTAIN, self.books.now)
        )
        self.booked += job.request.price

    @rule(job=consumes(jobs))
    def cancel_twice(self, job):
        cancel = (job, State.CANCELLED, Outcome.NEVER_SENT, self.books.now)
        self.run(self.books.storage.finish(*cancel))
        with pytest.raises(StaleJob):
            self.run(self.books.storage.finish(*cancel))

    @rule(member=members, credits=st.integers(1, 40), days=st.one_of(st.none(), st.integers(1, 20)))
    def grant(self, member, credits, days):
        self.run(self.books.grant(member, credits, days))

    @rule(member=members, credits=st.integers(1, 200), period=st.sampled_from(list(Period)))
    def allow(self, member, credits, period):
        self.run(self.books.rule(f"member:{member}", Allowance(credits, period)))

    @rule(credits=st.integers(1, 300))
    def set_a_budget(self, credits):
        self.run(self.books.rule("workspace", Allowance(credits)))

    @rule(hours=st.integers(1, 24 * 20))
    def let_time_pass(self, hours):
        self.books.now += timedelta(hours=hours)

    @rule()
    def restart(self):
        self.run(self.books.database.close())
        self.open()

    @invariant()
    def every_bucket_is_the_sum_of_its_entries(self):
        self.run(self.books.check())

    @invariant()
    def what_is_held_belongs_to_jobs_that_are_open(self):
        query = select(holds.c.open, jobs.c.state).join(jobs, jobs.c.id == holds.c.job)
        rows = self.run(self.books.database.read(lambda c: c.execute(query).all()))
        assert all(bool(row.open) == (not State(row.state).is_over) for row in rows)

    @invariant()
    def nobody_has_less_than_nothing_and_nothing_is_lost(self):
        for member in ("ada", "ben"):
            balance = self.run(self.books.balance(member))
            assert balance.left is None or balance.left >= 0
            assert all(0 <= grant.left <= grant.credits for grant in balance.grants)
        totals = self.run(self.books.totals())
        assert totals == (self.captured, self.booked)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request, migrated_copy):
    """Makes databases, one for each history, and takes the one before back."""
    if request.param == "sqlite":
        return migrated_copy
    server = request.getfixturevalue("postgres")
    last = []

    def another():
        while last:
            apart(server.give_back(last.pop()))
        last.append(apart(server.database()))
        return last[-1]

    return another


@pytest.mark.filterwarnings("default::ResourceWarning")
def test_the_books_are_true_after_any_history(books_type, defaults, new_database):
    parts = {"books_type": books_type, "defaults": defaults, "new_database": new_database}
    machine = type("Books", (BooksMachine,), parts)
    machine.TestCase.settings = settings(
        max_examples=int(os.environ.get("DAILIES_EXAMPLES", "10")),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    machine.TestCase("runTest").runTest()
