"""PostgreSQL, too, finds the rows of what is asked all day by an index."""

import pytest

from bot.credits import Allowance
from bot.jobs import Member
from bot.ports import Once
from storage import jobs, ledger, notices, turns
from storage.acceptance import accept
from storage.budgets import begin_cap
from storage.engines.opening import open_database
from storage.proposals import Proposal
from storage.replica_tables import turns as turn_table
from storage.rows import from_micros
from storage.rules import Defaults, stand_still
from tests.storage.statements import statements_of

ADA = Member("playground:local", "ada")
# Every row of it is wanted: who has had a turn of which model.
WHOLE = f"Seq Scan on {turn_table.name}"


@pytest.fixture
async def database(postgres):
    url = await postgres.database()
    opened = await open_database(url)
    yield opened
    await opened.close()
    await postgres.give_back(url)


@pytest.fixture
def plan(database):
    """The steps that PostgreSQL takes for everything that a question runs, where an index will do."""

    async def explain(question) -> list[str]:
        def run(c) -> list[str]:
            asked = statements_of(c, question)
            # Of tables this small it would read everything; so it only does where it must.
            c.exec_driver_sql("SET LOCAL enable_seqscan = off")
            steps = []
            for statement, given in asked:
                if statement.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "WITH")):
                    steps += c.exec_driver_sql(f"EXPLAIN {statement}", given).scalars().all()
            return steps

        return await database.write(run)

    return explain


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("queue", "jobs_open"),
        ("unfinished", "jobs_open"),
        ("claim", "jobs_open"),
        ("held", "jobs_open"),
        ("to cancel", "jobs_open"),
        ("recent", "jobs_of_member"),
        ("timings", "jobs_finished"),
        ("job by id", "jobs_id_key"),
        ("movements", "ledger_of_member"),
        ("open holds", "holds_open"),
        ("balance", "buckets_pkey"),
        ("accept", "ledger_of_member"),
        ("keep open", "holds_open"),
        ("begin a cap", "hold_legs_pkey"),
        ("untold", "notices_untold"),
    ],
)
async def test_a_question_uses_its_index(plan, new, storing, name, index):
    defaults: Defaults = storing()._defaults
    job = new()
    questions = {
        "queue": turns.lines,
        "unfinished": jobs.unfinished,
        "claim": lambda c: turns.take_over(c, "replica", 10),
        "held": lambda c: turns.held(c, "replica"),
        "to cancel": lambda c: turns.to_cancel(c, "replica"),
        "recent": lambda c: jobs.recent(c, ADA, 10),
        "timings": lambda c: jobs.timings(c, 10),
        "job by id": lambda c: jobs.find_or_none(c, "job1"),
        "movements": lambda c: ledger.movements_of(c, ADA, 10),
        "open holds": lambda c: ledger.open_holds_of(c, ADA),
        "balance": lambda c: ledger.balance_of(c, ADA, from_micros(0), defaults, []),
        "accept": lambda c: accept(c, Proposal(job, [Once("event")], job.created_at), defaults),
        "keep open": lambda c: stand_still(c, [ADA.workspace]),
        "begin a cap": lambda c: begin_cap(
            c, ADA.workspace, "workspace", Allowance(100), job.created_at, defaults
        ),
        "untold": lambda c: notices.untold(c, ["playground", "slack"], 100),
    }
    steps = await plan(questions[name])
    assert any(index in step for step in steps), steps
    assert [step for step in steps if "Seq Scan" in step and WHOLE not in step] == [], steps
