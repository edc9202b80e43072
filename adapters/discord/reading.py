"""What an interaction says, as plain values; pure. Nothing in it is trusted to be there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from adapters.discord.specification import ATTACHMENT, MENTIONABLE, SUBCOMMAND, TARGET
from bot.commands.parser import parse_arguments
from bot.commands.specification import CommandSpec, Option, command
from bot.errors import RepeatedOption
from bot.requests import ENDINGS, Kind

Data = Mapping[str, Any]
_USER, _ROLE = 6, 8


@dataclass(frozen=True)
class Attached:
    """A file that Discord keeps for a while; `size` in bytes."""

    name: str
    url: str
    size: int
    kind: Kind | None


@dataclass(frozen=True)
class Focused:
    """The option that is being typed, of Discord's option type `kind`."""

    name: str
    kind: int
    text: str


@dataclass(frozen=True)
class Typed:
    """A command with its arguments and options, as their texts."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    files: list[Attached] = field(default_factory=list)
    focused: Focused | None = None

    @property
    def spec(self) -> CommandSpec | None:
        return command(self.name)


def read_command(data: Data, guild_id: int) -> Typed:
    """A slash command; `guild_id` is also the id of the role that everybody has."""
    name, given = str(data.get("name", "")), _objects(data.get("options"))
    while given and given[0].get("type") in (SUBCOMMAND, SUBCOMMAND + 1):
        name = f"{name} {given[0].get('name')}"
        given = _objects(given[0].get("options"))
    typed = Typed(name)
    spec = typed.spec
    places = [argument.name for argument in spec.arguments] if spec else []
    focused = None
    for option in given:
        called, value = str(option.get("name")), option.get("value")
        if option.get("focused"):
            focused = Focused(called, int(option.get("type", 0)), str(value or ""))
        elif option.get("type") == ATTACHMENT:
            typed.files.extend(_resolved(data, [value]))
        elif option.get("type") in (MENTIONABLE, _USER, _ROLE):
            typed.arguments[called] = _mention(data, str(value), guild_id)
        elif called == TARGET:
            typed.arguments["who"] = str(value)
        else:
            # Phones leave a blank behind a word that they completed.
            (typed.arguments if called in places else typed.options)[called] = str(value).strip()
    return Typed(name, typed.arguments, typed.options, typed.files, focused)


def with_written(typed: Typed, options: Iterable[Option]) -> Typed:
    """The same with the options that stand in the prompt, as people write them elsewhere.

    Raises a Refused, also for an option that was chosen as well.
    """
    if typed.spec is None or not typed.arguments.get("prompt"):
        return typed
    parsed = parse_arguments(typed.spec, typed.arguments["prompt"], options)
    for name in parsed.options.keys() & typed.options.keys():
        raise RepeatedOption(name)
    arguments = {**typed.arguments, "prompt": parsed.arguments.get("prompt", "")}
    return replace(typed, arguments=arguments, options={**typed.options, **parsed.options})


def read_target(data: Data) -> list[Attached]:
    """The images and videos of the message whose menu was used."""
    messages = (data.get("resolved") or {}).get("messages") or {}
    message = messages.get(str(data.get("target_id"))) or {}
    # A forwarded message is empty itself and holds what it forwards.
    forwarded = [each.get("message") for each in _objects(message.get("message_snapshots"))]
    found = [
        _attached(item)
        for each in _objects([message, *forwarded])
        for item in _objects(each.get("attachments"))
    ]
    return [item for item in found if item.kind is not None]


def read_modal(data: Data) -> tuple[dict[str, str], list[Attached]]:
    """The texts that were typed into a form, by their ids, and the files."""
    texts: dict[str, str] = {}
    files: list[Attached] = []
    for component in _components(data.get("components")):
        if "values" in component:
            files.extend(_resolved(data, component["values"]))
        elif "value" in component:
            texts[str(component.get("custom_id"))] = str(component["value"] or "")
    return texts, files


def _components(given: Any) -> Iterable[Data]:
    """Every component of a form: labels and rows have others inside."""
    for component in _objects(given):
        yield component
        inside = component.get("component")
        yield from _components([inside] if isinstance(inside, dict) else [])
        yield from _components(component.get("components"))


def _mention(data: Data, value: str, guild_id: int) -> str:
    """A member or role as it is written in a text; the role of everybody is the default."""
    if value == str(guild_id):
        return "default"
    if not value.isdecimal():
        return value  # `default`, `workspace`, or a mention that was typed
    roles = (data.get("resolved") or {}).get("roles") or {}
    return f"<@&{value}>" if value in roles else f"<@{value}>"


def _resolved(data: Data, ids: Iterable[Any]) -> list[Attached]:
    known = (data.get("resolved") or {}).get("attachments") or {}
    return [_attached(known[str(id_)]) for id_ in ids or () if str(id_) in known]


def _attached(given: Data) -> Attached:
    name = PurePath(str(given.get("filename") or "attachment")).name
    return Attached(name, str(given.get("url", "")), int(given.get("size") or 0), _kind(given))


def _kind(given: Data) -> Kind | None:
    said = str(given.get("content_type") or "").partition("/")[0]
    if said in (Kind.IMAGE, Kind.VIDEO):
        return Kind(said)
    # Discord does not say of every file what it is; all that we open is known by its name as well.
    ending = PurePath(str(given.get("filename") or "").lower()).suffix.removeprefix(".")
    return next((kind for kind, endings in ENDINGS.items() if ending in endings), None)


def _objects(given: Any) -> list[Data]:
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
