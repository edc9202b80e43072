"""Reads the configuration, and says all that is wrong with it at once, each with its place."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from bot.config.contradictions import NOWHERE, PLATFORMS, contradictions, halves, needs
from bot.config.places import Places, suggestion, unknown_variables
from bot.config.sections import Config, Environment, config_file
from bot.errors import ConfigError
from bot.slips import TABLE, in_words

# Secrets that have a name of their own, outside of ours, and the setting that each fills.
SECRETS = {
    "RUNWAYML_API_SECRET": ("runway", "api_secret"),
    "DISCORD_TOKEN": ("discord", "token"),
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("slack", "signing_secret"),
    "SENTRY_DSN": ("sentry", "dsn"),
}
# What a variable has to hold for a setting that is no single value.
JSON_TYPES = {"tuple_type": '["one", "two"]', "model_type": '{"port": 8080}'}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a setting; `place` is where it was written, if it was."""

    key: str
    text: str
    place: str = ""

    def __str__(self) -> str:
        return f"  {self.key}: {self.text}" + (f" [{self.place}]" if self.place else "")


def load_config(*, whole: bool = False, to_run: bool = False) -> Config:
    """Read and check everything; raises a ConfigError that names each wrong key.

    With `whole`, nothing may be half written: a shell beside the bot need not have all its secrets.
    With `to_run`, what a bot cannot do without has to be there too.
    """
    path = config_file()
    text = _text(path)
    places, problems = Places(path, text), [*_unknown_variables()]
    problems += _no_sections(tomllib.loads(text), places)
    config, wrong = _read(places, problems)
    config, unread = _with_secrets(config, problems)
    unsure = PLATFORMS & (wrong | {section for section, _ in unread})
    asked = {contradictions: True, halves: whole or to_run, needs: to_run}
    for rules in (rules for rules, holds in asked.items() if holds):
        for key, said in rules(config):
            if key[0] in wrong or key in unread or (key == NOWHERE and unsure):
                continue  # nobody knows before it can be read
            problems.append(Problem(".".join(map(str, key)), said, places.of(key)))
    if problems:
        lines = "\n".join(dict.fromkeys(map(str, problems)))
        raise ConfigError(f"The configuration cannot be used:\n{lines}")
    return config


def _text(path: Path) -> str:
    """The file's text, which is TOML; nothing where there is no file."""
    if path.is_dir():
        raise ConfigError(
            f"{path} is a folder. (Docker makes one where a file to mount is not there.)"
        )
    if not path.is_file():
        if os.environ.get("DAILIES_CONFIG"):
            raise ConfigError(f"DAILIES_CONFIG names {path}, and there is no such file.")
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} cannot be read: line {line} is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise ConfigError(f"{path} cannot be read: save it as UTF-8 without a byte order mark.")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        ends = f"at line {len(text.splitlines())}, where the file ends"
        said = str(error).replace("at end of document", ends)
        raise ConfigError(f"{path} cannot be read: {said}") from None
    return text


def _no_sections(written: Mapping[str, Any], places: Places) -> Iterator[Problem]:
    """A value where a section belongs; the environment would hide it, and lose what it holds."""
    for name, value in written.items():
        if name in Config.model_fields and not isinstance(value, Mapping):
            yield Problem(name, TABLE, places.of((name,)))


def _unknown_variables() -> Iterator[Problem]:
    for name, said in unknown_variables(_known()):
        yield Problem(name, said, "in the environment")


def _read(places: Places, problems: list[Problem]) -> tuple[Config, set[str]]:
    """The configuration, and the sections that are wrong: defaults stand in for them."""
    try:
        return Config(), set()
    except ValidationError as error:
        problems += [_problem(dict(each), places) for each in error.errors(include_url=False)]
        wrong = {str(each["loc"][0]) for each in error.errors(include_url=False)}
    return Config.model_construct(**_sound_sections(wrong)), wrong


def _sound_sections(wrong: set[str]) -> dict[str, Any]:
    """The sections without a slip of their own, so that they can be held against each other."""
    path = config_file()
    written = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    environment = Environment(Config)()
    return {
        name: TypeAdapter[Any](field.annotation or Any).validate_python(
            _merged(written.get(name, {}), environment.get(name, {}))
        )
        for name, field in Config.model_fields.items()
        if name not in wrong and (name in written or name in environment)
    }


def _merged(below: Any, above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below) if isinstance(below, Mapping) else {}  # a slip, which is told already
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(under, value) if both else value
    return merged


def _problem(slip: Mapping[str, Any], places: Places) -> Problem:
    key = slip["loc"]
    said = in_words(slip)
    if slip["type"] == "extra_forbidden":
        said += suggestion(key, _known())
    elif slip["type"] in JSON_TYPES and places.variable(key):
        said = f"must be JSON, as in {JSON_TYPES[slip['type']]}"
    return Problem(".".join(map(str, key)), said, places.of(key))


def _known() -> dict[str, list[str]]:
    """The settings of each section."""
    return {name: _keys(field.annotation) for name, field in Config.model_fields.items()}


def _keys(section: Any) -> list[str]:
    """What a section may hold; nothing where that is not ours to say (`models`)."""
    is_ours = isinstance(section, type) and issubclass(section, BaseModel)
    return list(section.model_fields) if is_ours else []


def _with_secrets(
    config: Config, problems: list[Problem]
) -> tuple[Config, set[tuple[str | int, ...]]]:
    """The configuration with the secrets that have names of their own, and which are unreadable."""
    unread: set[tuple[str | int, ...]] = set()
    for name, (section, key) in SECRETS.items():
        part = getattr(config, section)
        if getattr(part, key) is None:
            try:
                secret = _secret(name)
            except ConfigError as error:
                problems.append(Problem(name, str(error)))
                unread.add((section, key))
                continue
            config = config.model_copy(update={section: part.model_copy(update={key: secret})})
    return config, unread


def _secret(name: str) -> SecretStr | None:
    """A secret from the environment, or from the file that `<name>_FILE` names."""
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE")
    if not value and path:
        value = _secret_file(f"{name}_FILE names {path}, and", Path(path))
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ConfigError("it holds letters that no key has. Copy the key anew.")
    return SecretStr(value) if value else None


def _secret_file(named: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{named} it cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{named} it is not text.") from None
    if not value:
        raise ConfigError(f"{named} it is empty.")
    return value
