"""What a person typed, taken apart: `/imagine a fox in the snow --ratio 16:9`."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.commands.specification import COMMANDS, CommandSpec, Option
from bot.errors import (
    MissingValue,
    RepeatedOption,
    UnexpectedText,
    UnknownCommand,
    UnknownOption,
)

# An option begins a word: `--ratio 16:9`, `--ratio=16:9` (or a colon) or `--model "gen4 turbo"`.
# Phones turn two hyphens into a dash, and straight quotes into those of their language.
_DASHES = "(?:--|[—–])"
_OPTION = re.compile(
    rf"""(?:^|(?<=\s)){_DASHES}(?P<name>[A-Za-z][\w-]*)
        (?:\s*[=:]\s*|\s+|$)
        (?P<value>"[^"]*"|[“„”][^“”]*[“”]|«[^»]*»|[‘‚'][^‘’']*[‘’']|(?!{_DASHES})[^\s"]\S*)?
        [^\S\n]*""",
    re.VERBOSE,
)
_QUOTES = '"“”„«»'


@dataclass(frozen=True)
class Parsed:
    """A command's specification with the arguments and options that were typed."""

    spec: CommandSpec
    arguments: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def split_command(text: str) -> tuple[CommandSpec, str]:
    """The command that a text begins with, and the rest of the text; the slash may be missing."""
    words = text.strip().removeprefix("/").split(maxsplit=2)
    for count in (2, 1):
        spec = next(
            (s for s in COMMANDS if s.name.split() == [w.lower() for w in words[:count]]), None
        )
        if spec is not None:
            pattern = r"/?\s*" + r"\s+".join(map(re.escape, words[:count]))
            return spec, re.sub(pattern, "", text.strip(), count=1).strip()
    raise _unknown_command(words, slash=text.strip().startswith("/"))


def parse_arguments(spec: CommandSpec, text: str, options: Iterable[Option]) -> Parsed:
    """The arguments and options in the text after a command's name."""
    known = {option.name: option for option in options}
    given: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        name, value = match["name"].lower(), (match["value"] or "").strip(_QUOTES + "'‘’‚").strip()
        if name not in known:
            raise UnknownOption(spec.name, name, list(known))
        if name in given:
            raise RepeatedOption(name)
        if not value:
            raise MissingValue(name, [choice.value for choice in known[name].choices])
        given[name] = value
        return ""

    for option in known.values():
        if option.rest:
            text = _take_rest(option.name, text, given)
    left = _OPTION.sub(take, text)
    return Parsed(spec, _positional(spec, left), given)


def _take_rest(name: str, text: str, given: dict[str, str]) -> str:
    """The text before an option that takes all that comes after it."""
    found = re.search(rf"(?:^|(?<=\s)){_DASHES}{name}\b\s*[=:]?(?P<value>.*)", text, re.I | re.S)
    if found is None:
        return text
    value = found["value"].strip().strip(_QUOTES).strip()
    if not value:
        raise MissingValue(name, [])
    given[name] = value
    return text[: found.start()]


def _positional(spec: CommandSpec, text: str) -> dict[str, str]:
    taken: dict[str, str] = {}
    left = text.strip()
    for argument in spec.arguments:
        if argument.rest:
            value, left = left, ""
        else:
            value, left = [*left.split(maxsplit=1), "", ""][:2]
        if value:
            taken[argument.name] = value
        left = left.strip()
    spec.require(taken)
    if left:
        raise UnexpectedText(spec.name, left, spec.usage)
    return taken


def _unknown_command(words: list[str], *, slash: bool) -> UnknownCommand:
    names = [spec.name for spec in COMMANDS]
    typed = "".join(words[:1])
    inside = [name for name in names if name.split()[0] == typed.lower()]
    whole = " ".join(words[:2])
    near = difflib.get_close_matches(whole.lower(), inside, n=2) if len(words) > 1 else []
    if near:
        return UnknownCommand(whole, near, slash)
    similar = inside or difflib.get_close_matches(typed.lower(), names, n=2)
    return UnknownCommand(typed.lower() if inside else typed, similar, slash)
