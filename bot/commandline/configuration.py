"""`dailies config`: what holds after the file and the environment, with secrets masked."""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.config import config_file, load_config

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

_PASSWORD = re.compile(r"(?<=://)([^/?#@:]*:)[^/?#]*@")


def add_config(commands: "Parsers") -> None:
    """`dailies config`."""
    config = commands.add_parser("config", help="print what is configured, secrets masked")
    config.add_argument("--json", action="store_true", help="for machines")
    config.set_defaults(command=_config)


async def _config(arguments: argparse.Namespace) -> str:
    # Secrets are SecretStr: as JSON each is a row of stars, or null where there is none.
    settings = load_config(whole=True).model_dump(mode="json")
    # What may stand in the password of a database, only its own library knows.
    settings["storage"]["url"] = _without_password(settings["storage"]["url"])
    settings = _masked(settings)
    if arguments.json:
        return json.dumps(settings, indent=2, ensure_ascii=False)
    return "\n".join((_read_from(), *_toml(settings)))


def _read_from() -> str:
    path = config_file().absolute()
    if path.exists():
        return f"# {path}, and what the environment says"
    return f"# There is no {path}: what is usual, and what the environment says"


def _without_password(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


def _masked(value: Any) -> Any:
    """The same, without the password that may stand before the host of an address."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return _PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value


def _toml(settings: Mapping[str, Any]) -> Iterator[str]:
    """Sections as in config.toml; what is not set is a comment."""
    for section, values in settings.items():
        yield from ("", f"[{section}]")
        for key, value in values.items():
            if value is None:
                yield f"# {key} is not set"
            else:
                yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
