"""Every error that Dailies raises on purpose.

DailiesError
├── ConfigError            what the operator set cannot work
├── StaleJob               a job is no longer in the state that a transition started from
├── Refused                a person asked for something that cannot be done; nothing was changed
│   └── …                  one class for each reason, with its data; texts are in bot/messages
├── ProviderError          Runway did not do what was asked
│   ├── NotCreated         no task was made; sending again is safe
│   ├── Rejected           no task was made, and sending the same again would not help
│   ├── OutcomeUnknown     a task may or may not have been made
│   ├── TaskGone           the task cannot be fetched (deleted, or never existed)
│   └── ProviderUnavailable  a read failed, after its retries
├── OutputExpired          an output's address is no longer good: ask for the task again
├── OutputUnavailable      an output could not be had, or is not what it should be
├── ArchiveFailed          the archive did not do what was asked; another try may help
└── ChatError              a chat platform did not do what was asked
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class DailiesError(Exception):
    """The root of the tree."""


class ConfigError(DailiesError):
    """What the operator set cannot work; the text says what to change."""


class StaleJob(DailiesError):
    """A job has moved on since it was read; whoever asked must read it again."""


class Refused(DailiesError):
    """A person asked for something that cannot be done; nothing was changed."""


@dataclass(eq=False)
class UnknownCommand(Refused):
    name: str
    similar: Sequence[str]


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
class NothingOffered(Refused):
    """The organisation offers no model for this command (or not the one asked for)."""

    command: str
    model: str | None = None


@dataclass(eq=False)
class NotEnoughCredits(Refused):
    """`team` when it is the workspace's budget that is used up."""

    price: int
    left: int
    resets_at: datetime | None
    team: bool = False


@dataclass(eq=False)
class TooManyJobs(Refused):
    limit: int


@dataclass(eq=False)
class AdminsOnly(Refused):
    what: str


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
class BadAmount(Refused):
    value: str


@dataclass(eq=False)
class ZeroAmount(Refused):
    pass


@dataclass(eq=False)
class UnknownMember(Refused):
    value: str


class ProviderError(DailiesError):
    """Runway did not do what was asked; `str()` is safe to log and holds no secret."""


@dataclass(eq=False)
class NotCreated(ProviderError):
    """No task was made; `wait` is Runway's own hint in seconds; `daily` when a day's limit is reached."""

    detail: str
    wait: float | None = None
    daily: bool = False

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class Rejected(ProviderError):
    status: int
    detail: str

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"


@dataclass(eq=False)
class OutcomeUnknown(ProviderError):
    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class TaskGone(ProviderError):
    task_id: str

    def __str__(self) -> str:
        return f"task {self.task_id} cannot be fetched"


@dataclass(eq=False)
class ProviderUnavailable(ProviderError):
    detail: str

    def __str__(self) -> str:
        return self.detail


class OutputExpired(DailiesError):
    """An output's address is no longer good; a fresh one comes with the task."""


class OutputUnavailable(DailiesError):
    """An output could not be had, or is not what it should be."""


class ArchiveFailed(DailiesError):
    """The archive did not do what was asked (network, permissions, disk); another try may help."""


@dataclass(eq=False)
class ChatError(DailiesError):
    """A platform did not do what was asked; `permanent` when trying again would not help."""

    detail: str
    permanent: bool = False

    def __str__(self) -> str:
        return self.detail
