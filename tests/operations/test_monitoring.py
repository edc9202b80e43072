"""/healthz, /readyz and /metrics of a bot that runs, and what its logs say."""

import asyncio
import math
import sqlite3
from contextlib import asynccontextmanager, closing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.app import running
from bot.config import (
    LimitsConfig,
    PlaygroundConfig,
    QuotaConfig,
    RunwayConfig,
    StorageConfig,
    WebConfig,
)
from bot.watching.logs import set_up_logs
from bot.watching.metrics import Metrics
from tests.operations.conftest import KEY
from tests.scenario.page import Page

PROMPT = "zebrafish over the moon"


async def read(session, url, **how):
    async with session.get(url, **how) as answer:
        return answer.status, await answer.text()


async def until_ready_is(session, url, status):
    """What /readyz says once it answers so."""
    async with asyncio.timeout(20):
        while True:
            found = await read(session, f"{url}/readyz")
            if found[0] == status:
                return found[1]
            await asyncio.sleep(0.05)


async def measured(session, url):
    """Every sample by its name and labels."""
    _, text = await read(session, f"{url}/metrics")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def bot(runway, settings, session):
    """`async with bot(web=…) as page`: a bot with the web chat, and changes to its sections."""

    @asynccontextmanager
    async def start(simulator=None, **sections):
        url = (await runway(**(simulator or {}))).url
        key = SecretStr(KEY)
        usual = {
            "runway": RunwayConfig(api_secret=key, base_url=url, poll_seconds=0.1),
            "playground": PlaygroundConfig(enabled=True),
        }
        async with running(settings(url, **{**usual, **sections}), live=False) as address:
            yield Page(address, session)

    return start


async def test_what_happens_is_measured(bot, session):
    async with bot() as page:
        await page.finish(f"/imagine {PROMPT}")
        await page.finish("/imagine a fox !internal")
        await page.command("/animate")
        found = await measured(session, page.url)
    assert found["dailies_commands_total", "done", "imagine", "playground"] == 2
    assert found["dailies_commands_total", "animate", "playground", "refused"] == 1
    assert found["dailies_acknowledgement_seconds_count", "playground"] == 3
    assert found["dailies_jobs_ended_total", "delivered", "gen4_image"] == 1
    assert found["dailies_failures_total", "INTERNAL"] == 1
    assert found["dailies_task_seconds_count", "gen4_image"] == 1
    assert found["dailies_polls_per_job_count",] == 2
    assert found["dailies_polls_per_job_sum",] >= 2
    assert found["dailies_delivery_seconds_count", "playground", "posted"] == 2
    assert found["dailies_credits_captured_total", "gen4_image"] == 8
    assert found["dailies_runway_answers_total", "200", "POST"] == 2
    assert found["dailies_runway_balance_credits",] > 0
    assert found["dailies_platform_connected", "playground"] == 1
    assert found["dailies_queue_oldest_seconds",] == 0
    assert found["dailies_credits_held",] == 0


async def test_a_queue_is_measured_while_it_waits(bot, session):
    async with bot({"concurrency": 1, "image_seconds": 20}) as page:
        first = await page.begin("/imagine a fox")
        await page.until_state(first, "running")
        second = await page.begin("/imagine a wolf")
        found = await measured(session, page.url)
        assert found["dailies_queue_jobs", "gen4_image"] == 1
        assert found["dailies_queue_oldest_seconds",] > 0
        assert found["dailies_credits_held",] == 16
        assert found["dailies_jobs_open", "running"] == 1
        assert (await read(session, f"{page.url}/readyz"))[0] == 200
        for job in (first, second):
            message = (await page.shown(job)).cards[-1]
            await page.act(message, "cancel")


async def test_runway_that_does_not_work_is_measured(bot, session):
    async with bot() as page:
        await page.finish("/imagine a fox !403")
        found = await measured(session, page.url)
    assert found["dailies_runway_errors_total", "Rejected", "create"] == 1
    assert found["dailies_runway_answers_total", "403", "POST"] == 1


async def test_what_raises_an_alarm_is_there_before_it_happens(bot, session):
    """Of a series that begins at 1 nothing grew; and a balance that was not read is not 0."""
    async with bot({"balance": 777}) as page:
        found = await measured(session, page.url)
    for state in ("uncertain", "undeliverable"):
        assert found["dailies_jobs_ended_total", "gen4_image", state] == 0
    for method in ("GET", "POST"):
        assert found["dailies_runway_answers_total", "401", method] == 0
    assert found["dailies_runway_balance_credits",] == 777
    assert math.isnan(Metrics().registry.get_sample_value("dailies_runway_balance_credits"))


async def test_a_bot_that_works_is_alive_and_ready(bot, session):
    async with bot() as page:
        assert await read(session, f"{page.url}/healthz") == (200, "Dailies is alive.")
        status, text = await read(session, f"{page.url}/readyz")
    assert status == 200
    assert '"ready": true' in text


async def test_a_bot_whose_database_cannot_be_written_is_not_ready(bot, session, own_folder):
    storage = StorageConfig(url=f"sqlite:///{own_folder}/dailies.db", lease_seconds=1)
    async with bot(storage=storage) as page:
        await until_ready_is(session, page.url, 200)
        with closing(sqlite3.connect(own_folder / "dailies.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            wrong = await until_ready_is(session, page.url, 503)
        assert "cannot be written" in wrong
        await until_ready_is(session, page.url, 200)


async def until_measured(session, url, is_so):
    """What /metrics says once it says so."""
    async with asyncio.timeout(20):
        while True:
            found = await measured(session, url)
            if is_so(found):
                return found
            await asyncio.sleep(0.05)


def rename(database, table, to):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {to}")


async def test_metrics_say_that_the_database_is_away(bot, session, own_folder):
    async with bot() as page:
        database = own_folder / "data" / "dailies.db"
        found = await until_measured(session, page.url, lambda f: f["dailies_ready",] == 1)
        assert found["dailies_jobs_open", "running"] == 0
        rename(database, "jobs", "jobs_away")
        found = await until_measured(session, page.url, lambda f: f["dailies_ready",] == 0)
        assert math.isnan(found["dailies_queue_oldest_seconds",])
        assert ("dailies_jobs_open", "running") not in found
        rename(database, "jobs_away", "jobs")
        found = await until_measured(session, page.url, lambda f: f["dailies_ready",] == 1)
        assert found["dailies_queue_oldest_seconds",] == 0


async def test_a_result_that_cannot_be_kept_is_measured_while_it_waits(bot, session, own_folder):
    async with bot() as page:
        found = await measured(session, page.url)
        assert found["dailies_results_oldest_seconds",] == 0
        in_the_way = own_folder / "archive" / "outputs"
        in_the_way.write_text("no folder")
        job = await page.begin("/imagine a fox")
        found = await until_measured(
            session, page.url, lambda f: f["dailies_results_oldest_seconds",] > 0
        )
        assert found["dailies_jobs_open", "collecting"] == 1
        assert found["dailies_queue_oldest_seconds",] == 0
        in_the_way.unlink()
        await page.over(job)
        found = await measured(session, page.url)
        assert found["dailies_results_oldest_seconds",] == 0


async def test_metrics_are_for_whoever_knows_the_word(bot, session):
    web = WebConfig(port=0, metrics_token=SecretStr("hush"))
    async with bot(web=web) as page:
        url = f"{page.url}/metrics"
        assert (await read(session, url))[0] == 401
        assert (await read(session, url, headers={"Authorization": "Bearer hus"}))[0] == 401
        assert (await read(session, url, headers={"Authorization": "Bearer hush"}))[0] == 200
        assert (await read(session, f"{page.url}/healthz"))[0] == 200


async def test_metrics_can_be_left_out(bot, session):
    async with bot(web=WebConfig(port=0, metrics=False)) as page:
        assert (await read(session, f"{page.url}/metrics"))[0] == 404


async def test_every_answer_says_what_a_browser_may_do_with_it(bot, session):
    async with bot() as page:
        for path in ("/", "/healthz", "/readyz", "/metrics", "/api/members", "/nothing"):
            async with session.get(page.url + path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["X-Frame-Options"] == "DENY"
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Server"] == "Dailies"


async def test_a_member_in_a_hurry_is_slowed_down_kindly_and_privately(bot, session):
    async with bot(limits=LimitsConfig(burst=2, per_minute=1)) as page:
        for _ in range(2):
            assert (await page.command("/credits"))[0] == 202
        status, body = await page.command("/imagine a fox")
        assert status == 429
        assert "Take a breath" in body["error"]
        assert await page.jobs() == []
        assert "Take a breath" in (await page.notices())[-1]
        assert (await page.command("/credits", member="ben"))[0] == 202


async def test_discord_and_slack_are_watched_too(
    bot, session, discord, slack, discord_section, slack_section
):
    async with bot(discord=discord_section(), slack=slack_section()) as page:
        await discord.until(lambda: discord.commands and discord.gateway.session)
        await until_ready_is(session, page.url, 200)
        asked = await discord.command("credits")
        await discord.until(lambda: asked.callback)
        await slack.send("slash_commands", {"command": "/nothing", "text": "", "team_id": "T"})
        found = await measured(session, page.url)
        assert found["dailies_acknowledgement_seconds_count", "discord"] == 1
        assert found["dailies_acknowledgement_seconds_count", "slack"] == 1
        discord.gateway.hold = True  # or it is connected again before anybody looks
        await discord.gateway.close()
        assert '"discord": "not connected"' in await until_ready_is(session, page.url, 503)


async def test_logs_have_ids_and_no_prompts_keys_or_signed_addresses(bot, capfd, session):
    set_up_logs("info", "json")
    async with bot(quota=QuotaConfig(jobs_in_flight=10)) as page:
        words = ("", "!internal", "!403", "!reset", "!garbage", "!safety-input")
        jobs = [await page.begin(f"/imagine {PROMPT} {word}") for word in words]
        await page.command(f"/animate {PROMPT}")
        for job in jobs:
            await page.over(job)
    logged = capfd.readouterr().err
    for job in jobs:
        assert f'"job": "{job}"' in logged
    assert '"task": "' in logged
    assert "zebrafish" not in logged
    assert KEY not in logged
    assert "_jwt=" not in logged
