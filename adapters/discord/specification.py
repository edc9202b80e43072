"""The command specification as Discord's application commands; pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.catalog import Catalog, ModelSpec
from bot.commands.specification import (
    COMMANDS,
    Argument,
    CommandSpec,
    Option,
    is_offered,
    models_for,
    options_for,
)

Payload = dict[str, Any]

# https://discord.com/developers/docs/interactions/application-commands#application-command-object
CHAT_INPUT, MESSAGE = 1, 3
SUBCOMMAND, STRING, INTEGER, MENTIONABLE, ATTACHMENT = 1, 3, 4, 9, 11
GUILD_INSTALL, GUILD_CONTEXT = 0, 0
MOST_DESCRIPTION = 100
MOST_CHOICES = 25
# Of a reason; ours is shorter still, and says so.
MOST_TEXT = 500
MANAGE_GUILD = 1 << 5

# The menu of a message: its name, and the command that its file is given to.
MENU = {"Animate": "animate", "Upscale": "upscale", "Use as reference": "imagine"}
REFERENCE = "Use as reference"

# Whom an admin means where no member and no role can be picked for it.
TARGET = "target"
TARGETS = ("default", "workspace")
_TARGETED = ("quota show", "quota set", "quota clear", "quota history")

_AUTOCOMPLETED = ("model", "ratio", "duration")
_INTEGERS: dict[str, Payload] = {
    "duration": {"min_value": 1},
    "seed": {"min_value": 0, "max_value": 2**32 - 1},
    "days": {"min_value": 1, "max_value": 3650},
}


def commands_payload(catalog: Catalog) -> list[Payload]:
    """Every command that works now; one whose models are not offered is left out."""
    working = [spec for spec in COMMANDS if is_offered(spec, catalog)]
    alone = [_command(spec, catalog) for spec in working if " " not in spec.name]
    groups = dict.fromkeys(spec.name.split()[0] for spec in working if " " in spec.name)
    grouped = [_group(name, working, catalog) for name in groups]
    names = {spec.name for spec in working}
    menu = [_here(name, MESSAGE) for name, command in MENU.items() if command in names]
    return [*alone, *grouped, *menu]


def attachment_names(models: Iterable[ModelSpec]) -> list[str]:
    """The options for files, in the order of the models' roles."""
    most: dict[str, int] = {}
    for rule in (rule for model in models for rule in model.inputs):
        most[rule.role] = max(rule.max, most.get(rule.role, 0))
    return [
        f"{role}{number}" if count > 1 else role
        for role, count in most.items()
        for number in range(1, count + 1)
    ]


def _here(name: str, kind: int) -> Payload:
    """What all of our commands have in common: they are for servers only."""
    return {
        "name": name,
        "type": kind,
        "integration_types": [GUILD_INSTALL],
        "contexts": [GUILD_CONTEXT],
    }


def _command(spec: CommandSpec, catalog: Catalog) -> Payload:
    payload = {**_here(spec.name, CHAT_INPUT), **_described(spec.summary)}
    payload["options"] = _options(spec, catalog)
    return payload | ({"default_member_permissions": MANAGE_GUILD} if spec.admin else {})


def _group(name: str, specs: Sequence[CommandSpec], catalog: Catalog) -> Payload:
    inside = [spec for spec in specs if spec.name.split()[0] == name]
    subcommands = [
        {
            "type": SUBCOMMAND,
            "name": spec.name.split()[1],
            **_described(spec.summary),
            "options": _options(spec, catalog),
        }
        for spec in inside
    ]
    payload = {**_here(name, CHAT_INPUT), **_described(f"{name.capitalize()}s of this server")}
    payload["options"] = subcommands
    if all(spec.admin for spec in inside):
        payload["default_member_permissions"] = MANAGE_GUILD
    return payload


def _options(spec: CommandSpec, catalog: Catalog) -> list[Payload]:
    """Those that are needed come first, as Discord wants it."""
    options = [_argument(spec, argument) for argument in spec.arguments]
    options += [_attachment(name) for name in attachment_names(models_for(spec, catalog))]
    options += [_option(option) for option in options_for(spec, catalog)]
    if spec.name in _TARGETED:
        choices = [{"name": target, "value": target} for target in TARGETS]
        summary = "Instead of who: every member, or the server as a whole"
        options.append({"type": STRING, "name": TARGET, **_described(summary), "choices": choices})
    return sorted(options, key=lambda option: not option.get("required", False))


def _argument(spec: CommandSpec, argument: Argument) -> Payload:
    payload: Payload = {"name": argument.name, **_described(argument.summary)}
    if argument.name == "who":
        required = argument.required and spec.name not in _TARGETED
        return payload | {"type": MENTIONABLE, "required": required}
    payload["required"] = argument.required
    if argument.name in _INTEGERS:
        return payload | {"type": INTEGER, **_INTEGERS[argument.name]}
    choices = [{"name": choice, "value": choice} for choice in argument.choices]
    return payload | {"type": STRING} | ({"choices": choices} if choices else {})


def _attachment(name: str) -> Payload:
    role = name.rstrip("0123456789")
    summary = _ROLES.get(role, f"The {role}")
    # None is demanded: an earlier result can take its place (`ref`).
    return {"type": ATTACHMENT, "name": name, **_described(summary), "required": False}


_ROLES = {
    "image": "The image to work from",
    "video": "The video to work from",
    "reference": "An image that shows what you mean; call it @image1, @image2 … in the prompt",
    "character": "An image or a video of the character",
    "performance": "A video of the performance to act out",
}


def _option(option: Option) -> Payload:
    payload: Payload = {"name": option.name, **_described(option.summary), "required": False}
    if option.name in _INTEGERS:
        payload |= {"type": INTEGER, **_INTEGERS[option.name]}
    else:
        payload["type"] = STRING
    if option.rest:
        return payload | {"max_length": MOST_TEXT}
    if option.name in _AUTOCOMPLETED:
        return payload | {"autocomplete": True}
    choices = [{"name": choice.label, "value": choice.value} for choice in option.choices]
    return payload | ({"choices": choices[:MOST_CHOICES]} if choices else {})


def _described(summary: str) -> Payload:
    return {"description": summary.replace("`", "")[:MOST_DESCRIPTION]}
