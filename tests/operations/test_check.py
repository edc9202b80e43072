"""`dailies check` tries each thing, and says what is wrong and how to mend it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from adapters.slack.manifest import BOT_SCOPES
from bot.commandline.checking import PROBES, as_text, look_at
from bot.config import ArchiveConfig, RunwayConfig, SlackConfig, StorageConfig
from bot.probes.discord import INVITED_PERMISSIONS
from bot.probes.findings import Finding, Verdict
from bot.probes.runway import judge_clock
from storage.engines.lock import only_process
from storage.engines.opening import open_database
from tests.discord import objects
from tests.operations.conftest import KEY

NOWHERE = "http://127.0.0.1:9"


def named(found: list[Finding], name: str) -> Finding:
    return next(finding for finding in found if finding.name == name)


def wrong(found: list[Finding]) -> list[str]:
    return [f.name for f in found if f.verdict is Verdict.FAILED]


async def test_where_everything_works_nothing_is_wrong(
    runway, slack, settings, discord_section, slack_section
):
    slack.scopes = ",".join(BOT_SCOPES)
    url = (await runway()).url
    config = settings(url, discord=discord_section(), slack=slack_section())
    found = await look_at(config, list(PROBES))
    assert wrong(found) == []
    for name in (
        "runway key", "runway balance", "runway models", "clock", "discord token",
        "discord sessions", "discord commands", "discord intents", "discord permissions",
        "discord channels", "slack token", "slack scopes", "slack socket", "database", "archive", "web port",
    ):  # fmt: skip
        assert named(found, name).verdict is Verdict.OK, named(found, name)
    assert "gen4_image" in named(found, "runway models").text
    assert slack.sockets == []


async def test_what_was_tried_leaves_nothing_behind(runway, settings, tmp_path):
    await look_at(settings((await runway()).url), ["archive", "database"])
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == []
    assert not (tmp_path / "data").exists()


async def test_a_bot_without_a_platform_is_told(settings):
    (found,) = await look_at(settings(NOWHERE), ["platforms"])
    assert found.verdict is Verdict.FAILED
    assert "DISCORD_TOKEN" in found.mend


async def test_a_missing_key_is_told(settings):
    config = settings(NOWHERE, runway=RunwayConfig(base_url=NOWHERE))
    (found,) = await look_at(config, ["runway"])
    assert found.verdict is Verdict.FAILED
    assert "RUNWAYML_API_SECRET" in found.mend


async def test_a_wrong_key_is_told_and_not_shown(runway, settings):
    url = (await runway()).url
    section = RunwayConfig(api_secret=SecretStr("key_wrong"), base_url=url)
    found = await look_at(settings(url, runway=section), ["runway"])
    assert wrong(found) == ["runway key"]
    assert "401" in named(found, "runway key").text
    assert "key_wrong" not in as_text(found)


async def test_an_empty_account_is_a_warning(runway, settings):
    found = await look_at(settings((await runway(balance=3)).url), ["runway"])
    assert named(found, "runway balance").verdict is Verdict.WARNING
    assert "3 credits" in named(found, "runway balance").text


async def test_a_runway_that_is_not_there_is_told(settings):
    found = await look_at(settings(NOWHERE), ["runway"])
    assert "cannot be reached: it takes no connection." in named(found, "runway key").text
    assert KEY not in str(found)


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0, Verdict.OK), (-4, Verdict.OK), (20, Verdict.WARNING), (-300, Verdict.FAILED)],
)
def test_the_clock_is_held_against_the_servers(seconds, verdict):
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    date = format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    assert judge_clock(date, now).verdict is verdict


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 22 Nov 2026 12:00:00 -0000"])
def test_a_date_that_says_nothing_is_skipped(date):
    assert judge_clock(date, datetime.now(UTC)).verdict is Verdict.SKIPPED


async def test_a_wrong_discord_token_is_told(settings, discord_section):
    found = await look_at(settings(NOWHERE, discord=discord_section("wrong.token")), ["discord"])
    assert wrong(found) == ["discord token"]
    assert "Reset it" in found[0].mend
    assert "wrong.token" not in str(found)


async def test_missing_permissions_are_named_with_the_invitation(
    settings, discord, discord_section
):
    discord.own_permissions = objects.USUAL & ~objects.ATTACH & ~objects.SEND_IN_THREADS
    found = await look_at(settings(NOWHERE, discord=discord_section()), ["discord"])
    permissions = named(found, "discord permissions")
    assert wrong(found) == ["discord permissions"]
    assert "Crew: Attach Files, Send Messages in Threads" in permissions.text
    assert f"client_id={objects.APPLICATION}" in permissions.mend


def test_the_invitation_asks_for_what_is_needed():
    assert INVITED_PERMISSIONS == objects.USUAL


async def test_a_bot_that_was_not_invited_is_told_where_to(settings, discord, discord_section):
    discord.own_guilds.clear()
    found = await look_at(settings(NOWHERE, discord=discord_section()), ["discord"])
    assert "in no server" in named(found, "discord permissions").text


async def test_an_interactions_endpoint_would_take_the_commands_away(
    settings, discord, discord_section
):
    discord.endpoint = "https://example.com/interactions"
    found = await look_at(settings(NOWHERE, discord=discord_section()), ["discord"])
    assert wrong(found) == ["discord commands"]


async def test_wrong_slack_tokens_are_told_each(settings, slack_section):
    section = slack_section("xoxb-wrong", "xapp-wrong")
    found = await look_at(settings(NOWHERE, slack=section), ["slack"])
    assert wrong(found) == ["slack token", "slack socket"]
    assert "xoxb-" in named(found, "slack token").mend
    assert "connections:write" in named(found, "slack socket").mend
    assert "wrong" not in as_text(found)


async def test_missing_scopes_are_named(settings, slack, slack_section):
    slack.scopes = ",".join(scope for scope in BOT_SCOPES if scope != "files:write")
    found = await look_at(settings(NOWHERE, slack=slack_section()), ["slack"])
    assert wrong(found) == ["slack scopes"]
    assert "without: files:write" in named(found, "slack scopes").text


async def test_a_token_of_the_other_mode_that_is_missing_is_told(settings):
    section = SlackConfig(bot_token=SecretStr("xoxb"), mode="http", api_base=f"{NOWHERE}/api/")
    found = await look_at(settings(NOWHERE, slack=section), ["slack"])
    assert wrong(found) == ["slack token", "slack signing"]


async def test_half_of_slack_is_no_slack_that_was_left_out(settings):
    section = SlackConfig(app_token=SecretStr("xapp-5ec4e7"))
    found = await look_at(settings(NOWHERE, slack=section), ["slack"])
    assert wrong(found) == ["slack"]
    assert "Set SLACK_BOT_TOKEN" in named(found, "slack").mend


async def test_a_running_bots_socket_is_left_alone(settings, slack, slack_section, tmp_path):
    config = settings(NOWHERE, slack=slack_section())
    lock = only_process(config.storage.url)
    try:
        found = await look_at(config, ["slack"])
    finally:
        lock.close()
    assert "a running bot has the socket" in named(found, "slack socket").text
    assert named(found, "slack socket").verdict is Verdict.OK


async def test_a_database_of_today_is_fine_and_one_from_tomorrow_is_not(settings):
    config = settings(NOWHERE)
    database = await open_database(config.storage.url)
    (found,) = await look_at(config, ["database"])
    assert found.verdict is Verdict.OK
    await database.write(
        lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'").rowcount
    )
    await database.close()
    (found,) = await look_at(config, ["database"])
    assert found.verdict is Verdict.FAILED
    assert "newer Dailies (9999)" in found.text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/none/dailies.db", "cannot be used"),
        ("mysql://root:hunter2@db/dailies", "not a database that Dailies can use"),
        ("postgresql+asyncpg://dailies:hunter2@127.0.0.1:9/dailies", "cannot be opened"),
    ],
)
async def test_a_database_that_cannot_be_used_is_told(settings, url, says):
    (found,) = await look_at(settings(NOWHERE, storage=StorageConfig(url=url)), ["database"])
    assert found.verdict is Verdict.FAILED
    assert says in found.text
    assert found.mend
    assert "hunter2" not in str(found)


async def test_a_file_that_is_no_database_is_told(settings, tmp_path):
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    section = StorageConfig(url=f"sqlite:///{tmp_path}/rubbish.db")
    (found,) = await look_at(settings(NOWHERE, storage=section), ["database"])
    assert found.verdict is Verdict.FAILED
    assert "not a database" in found.text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/proc/none/archive", "the folder /proc/none/archive cannot be made: No such file"),
        ("/proc/version", "/proc/version is no folder."),
        ("/proc/version/archive", "the folder /proc/version/archive cannot be made: Not a dir"),
        ("gopher://x/y", "gopher:// is no archive"),
    ],
)
async def test_an_archive_that_does_not_work_is_told(settings, url, says):
    (found,) = await look_at(settings(NOWHERE, archive=ArchiveConfig(url=url)), ["archive"])
    assert found.verdict is Verdict.FAILED
    assert says in found.text
    assert "archive.url" in found.mend


async def test_the_room_is_looked_at_where_the_bot_writes(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    storage = StorageConfig(url=f"sqlite:///{tmp_path}/rows/d.db")
    archive = ArchiveConfig(url="s3://films/a")
    found = await look_at(settings(NOWHERE, storage=storage, archive=archive), ["disk"])
    assert [finding.name for finding in found] == [
        "disk for temporary files",
        "disk for the database",
    ]
    assert [f"({tmp_path})" in finding.text for finding in found] == [True, True]


async def test_a_temporary_folder_that_python_passes_over_is_told(settings, tmp_path, monkeypatch):
    """As it does with a full one: the bot would fill another disk than the one that is meant."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = named(await look_at(settings(NOWHERE), ["disk"]), "disk for temporary files")
    assert found.verdict is Verdict.FAILED
    assert f"{tmp_path}/none cannot be written: temporary files are in " in found.text
    assert "TMPDIR" in found.mend


async def test_a_server_that_says_nothing_holds_up_nobody(settings):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        config = settings(f"http://127.0.0.1:{port}")
        found = await look_at(config, ["runway", "archive"], seconds=0.3)
    assert found[0].verdict is Verdict.FAILED
    assert named(found, "archive").verdict is Verdict.OK


async def test_scripts_get_an_exit_code_and_json(run, runway, monkeypatch, tmp_path):
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", (await runway()).url)
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    code, text = await run("check", "runway", "--json")
    assert code == 0
    said = json.loads(text)
    assert said["ok"] is True
    assert {"name", "verdict", "text", "mend"} == set(said["findings"][0])
    monkeypatch.delenv("RUNWAYML_API_SECRET")
    code, text = await run("check", "runway")
    assert code == 1
    assert "✗ runway key: There is no Runway key." in text
    assert "→ Make a key" in text
    assert "1 thing to mend." in text
    code, text = await run("check", "weather")
    assert code == 2
    assert "no weather to check" in text
