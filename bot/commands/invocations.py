"""What a person did, as the core takes it from any platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.commands.specification import CommandSpec
from bot.jobs import Member
from bot.ports import Once

# One command with more files than this is a mistake, whatever the model.
MOST_FILES = 10


@dataclass(frozen=True)
class SentFile:
    """A file that a person attached, already on our disk, and the name it came with."""

    path: Path
    name: str


@dataclass(frozen=True)
class Origin:
    """Who did something, and where. `roles` are the ids of the member's roles.

    `event` is the platform's id of it, when there is one: a second time it is the same thing, for
    ever, or within `event_window` where it can happen again; `also` are further ids of it.
    """

    member: Member
    channel: str
    admin: bool = False
    roles: tuple[str, ...] = ()
    event: str | None = None
    event_window: timedelta | None = None
    also: tuple[Once, ...] = ()


@dataclass(frozen=True)
class Invocation:
    """A command, taken apart by the platform that it was typed on."""

    origin: Origin
    spec: CommandSpec
    arguments: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[SentFile] = ()
