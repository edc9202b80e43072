"""The questions that are asked all day find their rows by an index, however many jobs are done."""

import pytest

from bot.credits import Outcome
from bot.drafts import OPEN
from bot.jobs import State
from bot.ports import Once
from storage import drafts, jobs, ledger, notices, turns
from storage.acceptance import accept
from storage.engines.sqlite import writer_engine
from storage.proposals import Proposal
from storage.schema import DRAFT_OPEN
from tests.storage.statements import statements_of

HERE = "playground:local"
OPEN_ALONE = ("jobs_open", "drafts_open", "notices_untold")


@pytest.fixture
def connection(known_folder):
    engine = writer_engine(known_folder / "dailies.db")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def plan(connection):
    """The steps that SQLite takes for everything that a question runs."""

    def explain(question) -> list[str]:
        asked = statements_of(connection, question)
        rows = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for statement, parameters in asked
        ]
        assert rows
        return [step.detail for steps in rows for step in steps]

    return explain


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("waiting", "jobs_open"),
        ("busy", "jobs_open"),
        ("theirs", "jobs_open"),
        ("sent at", "jobs_open"),
        ("served", "sqlite_autoindex_turns_1"),
        ("unfinished", "jobs_open"),
        ("active", "jobs_open"),
        ("claim", "jobs_open"),
        ("held", "jobs_open"),
        ("to cancel", "jobs_open"),
        ("recent", "jobs_of_member"),
        ("timings", "jobs_finished"),
        ("job by id", "sqlite_autoindex_jobs_1"),
        ("movements", "ledger_of_member"),
        ("open holds", "holds_open"),
        ("balance", "sqlite_autoindex_buckets_1"),
        ("overdue drafts", "drafts_open (expires_at<?)"),
        ("open drafts", "drafts_open"),
        ("asked", "drafts_open"),
        ("untold", "notices_untold"),
    ],
)
def test_a_question_uses_its_index(plan, member, storing, name, index):
    ada = member()
    questions = {
        "waiting": jobs.waiting,
        "busy": jobs.busy,
        "theirs": jobs.theirs,
        "sent at": lambda c: jobs.sent_at(c, "gen4_turbo"),
        "served": turns._served,
        "unfinished": jobs.unfinished,
        "active": lambda c: jobs.active(c, HERE),
        "claim": lambda c: turns.take_over(c, "replica", 10),
        "held": lambda c: turns.held(c, "replica"),
        "to cancel": lambda c: turns.to_cancel(c, "replica"),
        "recent": lambda c: jobs.recent(c, ada, 10),
        "timings": lambda c: jobs.timings(c, 10),
        "job by id": lambda c: jobs.find_or_none(c, "job1"),
        "movements": lambda c: ledger.movements_of(c, ada, 10),
        "open holds": lambda c: ledger.open_holds_of(c, ada),
        "balance": lambda c: ledger.balance_of(
            c, ada, ledger.from_micros(0), storing()._defaults, []
        ),
        "overdue drafts": lambda c: drafts.overdue(c, ledger.from_micros(0)),
        "open drafts": drafts.undecided,
        "asked": lambda c: drafts.asked(c, ada),
        "untold": lambda c: notices.untold(c, ["playground", "slack"], 100),
    }
    steps = plan(questions[name])
    assert any(index in step for step in steps), steps
    full = [s for s in steps if s.startswith("SCAN") and "USING" not in s]
    assert full == [], steps
    # Walking along an index is a full scan as well, but for those that hold only what is open.
    walks = [s for s in steps if s.startswith("SCAN")]
    assert [s for s in walks if not any(index in s for index in OPEN_ALONE)] == [], steps


@pytest.mark.parametrize("name", ["recent", "movements", "waiting", "timings", "untold"])
def test_the_order_comes_from_the_index_and_nothing_is_sorted(plan, member, name):
    questions = {
        "recent": lambda c: jobs.recent(c, member(), 10),
        "movements": lambda c: ledger.movements_of(c, member(), 10),
        "waiting": jobs.waiting,
        "timings": lambda c: jobs.timings(c, 10),
        "untold": lambda c: notices.untold(c, ["playground", "slack"], 100),
    }
    assert not any("TEMP B-TREE" in step for step in plan(questions[name]))


def test_the_index_of_open_drafts_has_every_state_that_is_open():
    assert str(DRAFT_OPEN) == f"state IN {tuple(state.value for state in OPEN)}"


def test_the_writes_of_a_jobs_life_find_their_rows_by_an_index(connection, plan, new, storing):
    defaults = storing()._defaults
    job = new()

    def live(c) -> None:
        proposal = Proposal(job, [Once("event1")], job.created_at)
        accepted = accept(c, proposal, defaults)
        assert accept(c, proposal, defaults) == accepted
        jobs.finish(
            c, accepted, State.CANCELLED, Outcome.NEVER_SENT, job.created_at, None, {}, defaults
        )

    steps = plan(live)
    # What a subquery found is walked through; it was found by an index of its own.
    small = ("CONSTANT", "subquery")
    scans = [step for step in steps if step.startswith("SCAN")]
    assert [step for step in scans if not any(word in step for word in small)] == []
