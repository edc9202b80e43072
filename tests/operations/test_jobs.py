"""`dailies jobs …` beside a bot that runs, and where none does."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from bot.errors import ConfigError
from bot.jobs import State
from storage.engines.opening import open_database

_ANSWERED = "SELECT answer, done FROM orders WHERE answer IS NOT NULL"


async def finished(stage, text):
    """The id of a job that has come to its end."""
    job_id = await stage.page.begin(text)
    await stage.page.over(job_id)
    return job_id


async def dear(stage):
    """The id of a job that its owner was asked about first, and that has failed."""
    await stage.page.command("/animate a fox !internal --model gen4.5 --duration 5")
    question = [m for m in await stage.page.messages() if m["private"]][-1]
    await stage.page.act(question, "confirm")
    (job_id,) = await stage.page.jobs()
    await stage.page.over(job_id)
    return job_id


async def test_jobs_are_listed_and_shown(stage, run):
    made = await finished(stage, "/imagine a lighthouse at dusk")
    failed = await finished(stage, "/imagine a fox !internal")
    code, text = await run("jobs", "list")
    assert code == 0
    names, newest, oldest = [line.split() for line in text.splitlines()]
    assert names[:4] == ["job", "state", "model", "member"]
    assert newest[:2] == [failed, "failed"]
    assert newest[-1].startswith("INTERNAL")
    assert oldest[:4] == [made, "delivered", "gen4_image", "ada"]
    assert "lighthouse" not in text

    listed = json.loads((await run("jobs", "list", "--state", "delivered", "--json"))[1])
    assert [job["job"] for job in listed] == [made]
    assert listed[0]["credits"] == stage.accounts().jobs[0].charged > 0
    assert json.loads((await run("jobs", "list", "--workspace", "discord:1", "--json"))[1]) == []

    shown = json.loads((await run("jobs", "show", made, "--json"))[1])
    assert shown["state"] == "delivered"
    assert shown["request"]["prompt"] == "a lighthouse at dusk"
    assert "a lighthouse at dusk" in (await run("jobs", "show", made))[1]


async def test_a_job_is_made_again_for_its_owner_whatever_it_costs(stage, run):
    failed = await dear(stage)
    before = await stage.page.jobs()
    code, text = await run("jobs", "retry", failed)
    assert code == 0, text
    assert "is queued, for ada" in text
    job_id = text.split()[0]
    assert job_id not in before
    await stage.page.over(job_id)
    (retry,) = [job for job in stage.accounts().jobs if job.id == job_id]
    assert retry.request.price > 50  # what members are asked about
    assert retry.owner.id == "ada"


async def test_a_dear_retry_whose_answer_got_lost_is_answered_as_what_it_is(stage, run):
    failed = await dear(stage)
    first = (await run("jobs", "retry", failed))[1]
    # As it is where the database went away before the answer was in it.
    with closing(sqlite3.connect(stage.folder / "dailies.db", isolation_level=None)) as database:
        database.execute("UPDATE orders SET answer = NULL, done = NULL")
        for _ in range(600):
            if again := database.execute(_ANSWERED).fetchall():
                break
            await asyncio.sleep(0.05)
    assert again == [(first, 1)]
    assert len(stage.accounts().jobs) == 2


async def test_a_job_is_cancelled(stage, run):
    job_id = await stage.page.begin("/animate a slow wave --model gen4.5 --duration 2 !slow")
    code, text = await run("jobs", "cancel", job_id)
    assert code == 0
    assert "cancel" in text
    assert (await stage.page.over(job_id)).state in ("cancelled", "delivered")
    code, text = await run("jobs", "cancel", job_id, "--json")
    assert "already" in json.loads(text)["answer"]
    assert (code, json.loads(text)["done"]) == (1, False)


async def test_a_result_is_posted_once_more_from_the_archive(stage, run):
    made = await finished(stage, "/imagine a lighthouse")
    before = [job.charged for job in stage.accounts().jobs]
    code, text = await run("jobs", "redeliver", made)
    assert code == 0, text
    ends = [m for m in await stage.page.messages() if m["job_id"] == made and not m["card"]]
    assert len(ends) == 2
    assert ends[0]["text"] == ends[1]["text"]
    assert [job.charged for job in stage.accounts().jobs] == before


async def test_several_results_are_posted_once_more_each(stage, run):
    """Ids may be in capitals, as in the chat; what is named twice is posted once."""
    made = [await finished(stage, "/imagine a lighthouse") for _ in range(2)]
    code, text = await run("jobs", "redeliver", made[0].upper(), made[1], made[0])
    assert code == 0, text
    assert [line.split()[3] for line in text.splitlines()] == made
    messages = [m["job_id"] for m in await stage.page.messages() if not m["card"]]
    assert [messages.count(job) for job in made] == [2, 2]
    _, text = await run("jobs", "redeliver", *made, "--json")
    assert [(answer["job"], answer["done"]) for answer in json.loads(text)] == [
        (job, True) for job in made
    ]
    with pytest.raises(ConfigError, match="There is no job NOPE"):
        await run("jobs", "redeliver", made[0], "NOPE")


async def test_what_could_not_be_done_is_told_to_scripts_too(stage, run):
    failed = await finished(stage, "/imagine a fox !internal")
    code, text = await run("jobs", "redeliver", failed)
    assert (code, text) == (1, f"{failed} is failed: it has no result to post.")
    await run("quota", "block", "ada", "--workspace", "playground:local")
    code, text = await run("jobs", "retry", failed)
    assert code == 1, text
    assert len(stage.accounts().jobs) == 1


async def test_where_no_bot_runs_an_order_waits_for_it(run, stage, tmp_path, monkeypatch):
    made = await finished(stage, "/imagine a lighthouse")
    copy = tmp_path / "copy.db"
    assert (await run("backup", str(copy)))[0] == 0
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{copy}")
    code, text = await run("jobs", "retry", made, "--wait", "0")
    assert code == 3
    assert "The order is noted" in text


async def test_a_job_that_there_is_not_is_told(run, tmp_path, monkeypatch):
    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{tmp_path}/none.db")
    await (await open_database(f"sqlite:///{tmp_path}/none.db")).close()
    for words in (("show", "nope"), ("retry", "nope")):
        with pytest.raises(ConfigError, match="There is no job nope"):
            await run("jobs", *words)
    assert (await run("jobs", "list"))[1].startswith(
        "No jobs. (Looked for jobs in the last 30 days;"
    )
    words = ("--state", "failed", "--state", "running", "--workspace", "slack:T1", "--days", "1")
    said = (await run("jobs", "list", *words))[1]
    assert "jobs that are failed or running of slack:T1 in the last day;" in said
    assert (await run("jobs", "list", *words, "--json"))[1] == "[]"


def test_every_state_can_be_asked_for(run):
    from bot.cli import parser

    for state in State:
        assert parser().parse_args(["jobs", "list", "--state", state]).state == [state.value]


@pytest.mark.parametrize("words", [("--days", "99999999"), ("--days", "-5"), ("--limit", "0")])
def test_a_number_that_makes_no_sense_is_refused(capsys, words):
    from bot.cli import parser

    with pytest.raises(SystemExit):
        parser().parse_args(["jobs", "list", *words])
    assert "a whole number from 1 to" in capsys.readouterr().err
