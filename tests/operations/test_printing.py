"""`dailies config` prints what holds, and no secret; no command prints what a terminal obeys."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.cli import main

ROOT = Path(__file__).parents[2]
SECRETS = {
    "RUNWAYML_API_SECRET": "key_" + "5ec4e7" * 21 + "ab",
    "DISCORD_TOKEN": "discord.5ec4e7",
    "SLACK_BOT_TOKEN": "xoxb-5ec4e7",
    "SLACK_APP_TOKEN": "xapp-5ec4e7",
    "SLACK_SIGNING_SECRET": "signing5ec4e7",
    "DAILIES_SLACK__CLIENT_ID": "123",
    "DAILIES_SLACK__CLIENT_SECRET": "client5ec4e7",
    "DAILIES_TELEMETRY__ENDPOINT": "http://dailies:5ec4e7@127.0.0.1:4318",
    "DAILIES_STORAGE__URL": "postgresql+asyncpg://dailies:5ec4e7@db/dailies",
}


@pytest.fixture
def secrets(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


async def test_what_holds_is_printed_as_a_configuration(run, secrets, monkeypatch, tmp_path):
    monkeypatch.setenv("DAILIES_WEB__PORT", "9001")
    (tmp_path / "config.toml").write_text(
        "[quota]\ncredits = 7\n[models.gen4_image]\nenabled = false\n"
    )
    code, text = await run("config")
    assert code == 0
    printed = tomllib.loads(text)
    assert printed["web"]["port"] == 9001
    assert printed["quota"]["credits"] == 7
    assert printed["models"] == {"gen4_image": {"enabled": False}}
    assert printed["runway"]["api_secret"] == "**********"
    assert "# public_url is not set" in text
    assert "5ec4e7" not in text
    assert text.startswith(f"# {tmp_path / 'config.toml'}, ")


async def test_in_a_folder_without_a_file_that_is_said_first(run, secrets, tmp_path):
    _, text = await run("config")
    assert text.startswith(f"# There is no {tmp_path / 'config.toml'}: ")


async def test_machines_get_json_without_secrets(run, secrets):
    _, text = await run("config", "--json")
    assert json.loads(text)["discord"]["token"] == "**********"
    assert "5ec4e7" not in text


def dailies(*words, stdout=subprocess.PIPE, **environment):
    """A process of its own: its exit code, and what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *words], env={"PYTHONPATH": str(ROOT), **environment},
        stdout=stdout, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    return ended.returncode, (ended.stdout or b"").decode(), ended.stderr.decode()


@pytest.mark.parametrize("words", [("config",), ("--version",)])
def test_whoever_reads_no_further_gets_no_traceback(words):
    """As with `dailies config | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert dailies(*words, stdout=writer) == (0, "", "")
    finally:
        os.close(writer)


def test_an_answer_that_cannot_be_written_is_a_sentence():
    with open("/dev/full", "wb") as full:
        code, _, said = dailies("config", stdout=full)
    assert (code, said) == (2, "The answer could not be written: No space left on device.\n")


def test_letters_that_a_terminal_lacks_are_replaced():
    code, said, wrong = dailies(
        "check", "platforms", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert (code, wrong) == (1, "")
    assert said.startswith("? platforms: There is no platform to run on.")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_people_typed_gives_a_terminal_no_orders(monkeypatch, tmp_path, capsys, form):
    """A reason comes from an admin of any workspace, a prompt from anybody."""

    def dailies(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dailies", "quota", *words])
        main()
        return capsys.readouterr().out

    monkeypatch.setenv("DAILIES_STORAGE__URL", f"sqlite:///{tmp_path}/dailies.db")
    why = "\x1b]0;mine\x07 \x9b2J\x7f"
    dailies("--workspace", "playground:local", "set", "ben", "5", "--why", why)
    said = dailies("history", *form)
    assert r"\u001b]0;mine\u0007 \u009b2J\u007f" in said
    assert all(sign.isprintable() or sign == "\n" for sign in said)
    if form:
        assert json.loads(said)[0]["why"] == why
