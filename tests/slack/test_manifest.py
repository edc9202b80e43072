"""The manifest comes from the command specification, and is the same in both notations."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.listeners import SHORTCUTS
from adapters.slack.manifest import as_yaml, manifest
from bot.cli import parser
from bot.commands.specification import COMMANDS
from bot.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_is_there_once_and_within_slacks_limits() -> None:
    made = manifest(prefix="", mode="socket")
    commands = made["features"]["slash_commands"]
    roots = list(dict.fromkeys(spec.name.split()[0] for spec in COMMANDS))
    assert [entry["command"] for entry in commands] == [f"/{name}" for name in roots]
    for entry in commands:
        assert len(entry["command"]) <= 32
        assert 0 < len(entry["description"]) <= 140
        assert len(entry.get("usage_hint", "")) <= 1000
        assert "url" not in entry
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert [s["callback_id"] for s in made["features"]["shortcuts"]] == list(SHORTCUTS)
    assert made["settings"]["socket_mode_enabled"] is True


def test_over_http_everything_goes_to_one_address() -> None:
    made = manifest(prefix="dailies-", mode="http", url="https://bot.example/", oauth=True)
    address = "https://bot.example/slack/events"
    assert {entry["url"] for entry in made["features"]["slash_commands"]} == {address}
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["features"]["slash_commands"][0]["command"] == "/dailies-imagine"
    assert made["oauth_config"]["redirect_urls"] == ["https://bot.example/slack/oauth_redirect"]


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_yaml_says_the_same_as_json(mode: str) -> None:
    made = manifest(prefix="x-", mode=mode, oauth=True)
    assert _parsed(as_yaml(made).splitlines()) == made


async def test_the_command_line_prints_it_without_any_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = parser().parse_args(["slack-manifest", "--prefix", "x-"])
    assert json.loads(await arguments.command(arguments)) == manifest(prefix="x-", mode="socket")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mode", "http"], "Slack has to know where it reaches the bot: --url"),
        (["--mode", "http", "--url", "bot.example"], "bot.example must begin with https://"),
        (["--prefix", "No Way"], "--prefix: at most 20"),
    ],
)
async def test_a_manifest_that_slack_would_not_take_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = parser().parse_args(["slack-manifest", *words])
    with pytest.raises(ConfigError, match=said):
        await arguments.command(arguments)
    monkeypatch.setenv("DAILIES_WEB__PUBLIC_URL", "https://bot.example")
    arguments = parser().parse_args(["slack-manifest", "--mode", "http"])
    assert "https://bot.example/slack/events" in await arguments.command(arguments)


def _parsed(lines: list[str]) -> Any:
    """YAML of the form that a manifest has: nested maps and lists, JSON scalars."""
    if lines[0].lstrip().startswith("- "):
        items = _split(lines, lambda line: line.lstrip().startswith("- "))
        return [_parsed(_unlisted(item)) for item in items]
    if ":" not in lines[0].split('"')[0]:
        return json.loads(lines[0])
    parsed = {}
    for entry in _split(lines, lambda line: True):
        key, _, value = entry[0].strip().partition(":")
        parsed[key] = json.loads(value) if value.strip() else _parsed(entry[1:])
    return parsed


def _unlisted(item: list[str]) -> list[str]:
    indent = len(item[0]) - len(item[0].lstrip())
    return [" " * (indent + 2) + item[0].lstrip()[2:], *item[1:]]


def _split(lines: list[str], begins: Any) -> list[list[str]]:
    indent = len(lines[0]) - len(lines[0].lstrip())
    entries: list[list[str]] = []
    for line in lines:
        if len(line) - len(line.lstrip()) == indent and begins(line):
            entries.append([line])
        else:
            entries[-1].append(line)
    return entries
