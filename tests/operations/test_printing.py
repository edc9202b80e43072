"""`dailies config` prints what holds, and no secret."""

import json
import tomllib

import pytest

SECRETS = {
    "RUNWAYML_API_SECRET": "key_" + "5ec4e7" * 21 + "ab",
    "DISCORD_TOKEN": "discord.5ec4e7",
    "SLACK_BOT_TOKEN": "xoxb-5ec4e7",
    "SLACK_APP_TOKEN": "xapp-5ec4e7",
    "SLACK_SIGNING_SECRET": "signing5ec4e7",
    "DAILIES_SLACK__CLIENT_ID": "123",
    "DAILIES_SLACK__CLIENT_SECRET": "client5ec4e7",
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
