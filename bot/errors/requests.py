"""What a person asked for cannot be done as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors.root import Refused


@dataclass(eq=False)
class UnknownCommand(Refused):
    """`similar` are what could have been meant; `slash` whether it was typed with one."""

    name: str
    similar: Sequence[str]
    slash: bool = True


@dataclass(eq=False)
class UnknownOption(Refused):
    command: str
    name: str
    known: Sequence[str]


@dataclass(eq=False)
class RepeatedOption(Refused):
    name: str


@dataclass(eq=False)
class MissingValue(Refused):
    option: str
    choices: Sequence[str]


@dataclass(eq=False)
class MissingArgument(Refused):
    name: str
    usage: str


@dataclass(eq=False)
class UnexpectedText(Refused):
    command: str
    text: str
    usage: str


@dataclass(eq=False)
class BadChoice(Refused):
    """`value` is not one of `choices`; `model` where the model decides."""

    option: str
    value: str
    choices: Sequence[str]
    model: str | None = None


@dataclass(eq=False)
class OptionNotTaken(Refused):
    option: str
    model: str


@dataclass(eq=False)
class MissingPrompt(Refused):
    command: str
    model: str


@dataclass(eq=False)
class PromptNotTaken(Refused):
    model: str


@dataclass(eq=False)
class PromptTooLong(Refused):
    """Lengths in UTF-16 units, as Runway counts them."""

    units: int
    limit: int
    model: str


@dataclass(eq=False)
class MissingInput(Refused):
    role: str
    kinds: Sequence[str]
    model: str
    without: str | None = None  # a model that works without one


@dataclass(eq=False)
class TooManyInputs(Refused):
    model: str
    taken: str
    extra: Sequence[str]


@dataclass(eq=False)
class UnfitInput(Refused):
    """A sound file outside of what the model takes."""

    filename: str
    quantity: str
    value: float
    low: float
    high: float
    model: str


@dataclass(eq=False)
class UnusableFile(Refused):
    """A file that cannot be used at all: `reason` as bot.media names it."""

    filename: str
    reason: str
    found: str | None = None
    limit: int | None = None


@dataclass(eq=False)
class BadLink(Refused):
    """A pasted address that Runway would not take; `why` is https, domain, length, type or form."""

    link: str
    why: str


@dataclass(eq=False)
class NeedsFile(Refused):
    """The price depends on what only the file itself tells; a link was given."""

    name: str
    model: str


@dataclass(eq=False)
class NoLastResult(Refused):
    """`last` was asked for by a member who has no result yet."""


@dataclass(eq=False)
class FileGone(Refused):
    """A file of a job that was tidied away since."""

    name: str


@dataclass(eq=False)
class NothingOffered(Refused):
    """The organisation offers no model for this command (or not the one asked for)."""

    command: str
    model: str | None = None


@dataclass(eq=False)
class NoSuchJob(Refused):
    job_id: str


@dataclass(eq=False)
class NotYours(Refused):
    job_id: str


@dataclass(eq=False)
class AlreadyOver(Refused):
    """The job cannot be cancelled any more: its state."""

    job_id: str
    state: str


@dataclass(eq=False)
class NoResult(Refused):
    """An action on a result, asked of a job that has none to give."""

    job_id: str
    action: str


@dataclass(eq=False)
class ActionNotOffered(Refused):
    action: str
    model: str


@dataclass(eq=False)
class UnknownAction(Refused):
    """A button that means nothing here: one of another version, or made up."""

    action: str


@dataclass(eq=False)
class NotWorthRetrying(Refused):
    """Moderation refused it: it would again, and Runway would charge for it again."""

    command: str
