"""What Discord is told of our commands, and when."""

from collections.abc import Awaitable, Callable

import pytest
from jsonschema import Draft202012Validator

from adapters.discord.reading import read_command
from adapters.discord.specification import commands_payload
from adapters.discord.sync import same_commands
from bot.catalog import load_catalog
from tests.discord import schema
from tests.discord.judging import validator_of
from tests.discord.objects import BEN, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
OFFERED = [
    "gen4_image", "gen4_image_turbo", "gemini_2.5_flash", "gen4_turbo", "gen4.5", "veo3.1",
    "veo3.1_fast", "aleph2", "act_two", "magnific_video_upscaler_creative",
    "magnific_precision_upscaler_v2",
]  # fmt: skip


def _commands() -> list[Object]:
    catalog = load_catalog()
    catalog.set_offered(OFFERED)
    return commands_payload(catalog)


def test_every_command_is_as_discord_describes_commands() -> None:
    template = "/applications/{application_id}/commands"
    assert schema.request_problems("PUT", template, _commands()) == []


@pytest.mark.skipif(not schema.is_present(), reason="discord-openapi.json is not here")
@pytest.mark.parametrize("value", [None, "", 1, 3, True, [], {}])
def test_the_quick_judge_of_bodies_says_what_jsonschema_says(value: object) -> None:
    components = schema.components()
    button = {"type": 2, "style": 1, "label": "Retry", "custom_id": "b"}
    row = {"type": 1, "components": [button]}
    form = {"$ref": "#/components/schemas/MessageCreateRequest"}
    slow = Draft202012Validator({**form, "components": components})
    quick = validator_of(form, components)
    bodies = [
        *({"components": [{**row, name: value}]} for name in row),
        *({"components": [{**row, "components": [{**button, name: value}]}]} for name in button),
        {"components": [row], "flags": value},
    ]
    verdicts = [(slow.is_valid(body), quick.is_valid(body)) for body in bodies]
    assert all(slowly == quickly for slowly, quickly in verdicts)
    assert quick.is_valid({"components": [row]})


def test_each_command_has_its_files_and_values() -> None:
    by_name = {command["name"]: command for command in _commands() if command["type"] == 1}
    files = {
        name: [o["name"] for o in command["options"] if o["type"] == 11]
        for name, command in by_name.items()
    }
    assert files["imagine"] == ["reference1", "reference2", "reference3"]
    assert files["animate"] == ["image"]
    assert files["edit"] == ["video"]
    assert files["perform"] == ["character", "performance"]
    assert files["upscale"] == ["image", "video"]
    needed = {
        o["name"] for command in by_name.values() for o in command["options"] if o.get("required")
    }
    assert needed.isdisjoint(name for names in files.values() for name in names)
    assert by_name["quota"]["default_member_permissions"] == 32
    assert all(command["contexts"] == [0] for command in _commands())
    assert [c["name"] for c in _commands() if c["type"] == 3] == [
        "Animate", "Upscale", "Use as reference",
    ]  # fmt: skip


def test_no_command_is_larger_than_discord_takes() -> None:
    # https://discord.com/developers/docs/interactions/application-commands#slash-commands
    def letters(part: Object) -> int:
        own = len(part["name"]) + len(part.get("description", "")) + len(str(part.get("value", "")))
        inside = [*part.get("options", []), *part.get("choices", [])]
        return own + sum(letters(each) for each in inside)

    for command in _commands():
        assert letters(command) <= 8000, command["name"]
        for part in (command, *command.get("options", [])):
            assert len(part.get("options", [])) <= 25, part["name"]


def test_a_command_without_a_model_is_not_offered() -> None:
    catalog = load_catalog()
    catalog.set_offered(["gen4_image"])
    names = [command["name"] for command in commands_payload(catalog)]
    assert "imagine" in names
    assert not {"animate", "edit", "perform", "Animate"} & set(names)


def test_commands_are_the_same_beside_what_discord_adds() -> None:
    ours = _commands()
    theirs = [
        {**c, "id": "1", "version": "2", "nsfw": False, "name_localizations": None} for c in ours
    ]
    for command in theirs:
        if "default_member_permissions" in command:
            command["default_member_permissions"] = "32"
    assert same_commands(ours, list(reversed(theirs)))


def test_commands_differ_by_each_thing_that_people_see() -> None:
    ours = _commands()
    for change in ({"description": "x"}, {"options": []}, {"contexts": [0, 1]}):
        theirs = [{**ours[0], **change}, *ours[1:]]
        assert not same_commands(ours, theirs), change
    assert not same_commands(ours, ours[1:])
    assert not same_commands(ours[1:], ours)
    extra = [{**ours[0], "options": [*ours[0]["options"], {"type": 3, "name": "old"}]}, *ours[1:]]
    assert not same_commands(ours, extra)


async def test_commands_are_written_once_and_not_again_by_the_next_start(
    discord: Discord, start_bot: StartBot
) -> None:
    discord.commands = [
        {**c, "id": "1", "application_id": "1", "version": "1",
         "description": c.get("description", ""),
         "default_member_permissions": "32" if c["name"] == "quota" else None}
        for c in _commands()
    ]  # fmt: skip
    await start_bot(discord)
    seen = ("GET", "/applications/{application_id}/commands")
    await discord.until(lambda: seen in discord.requests)
    asked = await discord.command("help")
    await discord.until(lambda: "What you can do here" in asked.said)
    assert discord.command_writes == 0


@pytest.mark.parametrize("typed", ["default", "workspace", f"<@{BEN}>"])
def test_for_whom_a_quota_is_can_be_typed_where_members_are_picked(typed: str) -> None:
    options = [{"type": 9, "name": "who", "value": typed}]
    data = {"name": "quota", "options": [{"type": 1, "name": "show", "options": options}]}
    assert read_command(data, 1).arguments == {"who": typed}
