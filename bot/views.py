"""What is shown in a chat, before any platform has formatted it."""

from dataclasses import dataclass
from datetime import datetime

from bot.jobs import Member, State
from bot.requests import Media
from bot.text import Text


@dataclass(frozen=True)
class Button:
    """`action` names what it does to the message's job: `retry`, `upscale`, `animate`, `cancel`."""

    label: str
    action: str
    danger: bool = False


@dataclass(frozen=True)
class Line:
    label: str
    value: Text


@dataclass(frozen=True)
class Card:
    """A job at work: one message that is edited in place. `progress` is 0 to 1."""

    job_id: str
    owner: Member
    title: str
    prompt: str
    state: State
    inputs: tuple[Media, ...]
    lines: tuple[Line, ...]
    progress: float | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Result:
    """A job's end, as a new message that mentions its owner and carries the files.

    `again` is since when it is asked for once more: an earlier message does not count.
    """

    job_id: str
    owner: Member
    text: Text
    prompt: str
    files: tuple[Media, ...] = ()
    buttons: tuple[Button, ...] = ()
    reply_to: str | None = None
    again: datetime | None = None


@dataclass(frozen=True)
class Document:
    """A small file that we have made ourselves, for one person's eyes."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Notice:
    """A private word that only one member sees, and so are its files."""

    text: Text
    buttons: tuple[Button, ...] = ()
    job_id: str | None = None
    files: tuple[Document, ...] = ()
