"""What the core needs from the world, as Protocols named by role."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.credits import Allowance, Balance, Movement, Outcome
from bot.jobs import Job, Member, State
from bot.requests import GenerationRequest, Kind, Media
from bot.views import Card, Notice, Result


class Clock(Protocol):
    """Time; `now` is UTC, `monotonic` in seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Once:
    """A thing that may happen once: for ever (a platform's event id), or once in a `window`."""

    key: str
    window: timedelta | None = None


@dataclass(frozen=True)
class Waiting:
    """A queued job, as far as its turn is concerned."""

    id: str
    owner: Member
    model: str
    seq: int
    due_at: datetime | None


@dataclass(frozen=True)
class AtRunway:
    """A job that holds one of a model's places at Runway."""

    id: str
    owner: Member
    model: str
    duration: int | None
    submitted_at: datetime | None


@dataclass(frozen=True)
class Timing:
    """How long Runway worked on a finished job, in seconds."""

    model: str
    duration: int | None
    seconds: float


class Storage(Protocol):
    """Rows. Each method is one transaction."""

    async def accept(self, job: Job, once: Sequence[Once], now: datetime) -> Job:
        """Insert the job and its hold together.

        Returns the job that an equal `once` made before, if there is one. Raises
        NotEnoughCredits or TooManyJobs, and then nothing was written.
        """
        ...

    async def job(self, job_id: str) -> Job | None: ...
    async def unfinished(self) -> list[Job]: ...
    async def recent(self, owner: Member, limit: int) -> list[Job]: ...
    async def active(self, workspace: str) -> list[Job]: ...
    async def waiting(self) -> list[Waiting]: ...
    async def at_runway(self) -> list[AtRunway]: ...
    async def timings(self, limit: int) -> list[Timing]: ...

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        """Move a job on from the state it was read in; raises StaleJob when it has moved already."""
        ...

    async def note(self, job_id: str, **changes: Any) -> Job:
        """Write down something about a job that is no change of state."""
        ...

    async def finish(
        self,
        job: Job,
        to: State,
        outcome: Outcome,
        now: datetime,
        cost: int | None = None,
        **changes: Any,
    ) -> Job:
        """Move a job to its end and settle its hold, together and exactly once."""
        ...

    async def balance(self, member: Member, now: datetime) -> Balance: ...
    async def movements(self, member: Member, limit: int) -> list[Movement]: ...
    async def holds(self, member: Member) -> list[tuple[str, int]]: ...
    async def set_allowance(
        self, workspace: str, scope: str, allowance: Allowance, by: Member, now: datetime
    ) -> None:
        """`scope` is `default`, `workspace` or `member:<id>`."""
        ...

    async def allowance(self, workspace: str, scope: str) -> Allowance | None: ...


class TaskStatus:
    """Runway's words; any other word means waiting."""

    PENDING = "PENDING"
    THROTTLED = "THROTTLED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Task:
    """Runway's own object, as last seen. `progress` is 0 to 1; `cost` in credits."""

    id: str
    status: str
    progress: float | None = None
    outputs: tuple[str, ...] = ()
    failure: str | None = None
    failure_code: str | None = None
    cost: int | None = None


@dataclass(frozen=True)
class ModelLimits:
    """None is no limit; `made_today` counts the rolling 24 hours."""

    concurrent: int | None
    daily: int | None
    made_today: int = 0


@dataclass(frozen=True)
class Organization:
    balance: int
    models: Mapping[str, ModelLimits]


class Provider(Protocol):
    """Runway."""

    async def prepare(self, request: GenerationRequest) -> Mapping[str, str]:
        """Make every input reachable for Runway: its archive key, and the address to send.

        Harmless to repeat. Raises ProviderError.
        """
        ...

    async def create(self, request: GenerationRequest, uris: Mapping[str, str]) -> str:
        """Ask for a task, exactly once, and return its id.

        Raises NotCreated, Rejected or OutcomeUnknown.
        """
        ...

    async def task(self, task_id: str) -> Task:
        """Raises TaskGone or ProviderUnavailable."""
        ...

    async def delete(self, task_id: str) -> None:
        """Cancel a task, or delete a finished one with its outputs; gone already is fine."""
        ...

    async def organization(self) -> Organization: ...


class Library(Protocol):
    """Files that go in and come out, looked into and kept in the archive."""

    async def look_into(self, path: Path, name: str, stem: str) -> Media:
        """What a person sent, with the key it will have (`stem` and its true extension).

        Nothing is kept yet. Raises UnusableFile.
        """
        ...

    async def keep(self, media: Media, path: Path) -> None:
        """Put a file that was looked into where its key says."""
        ...

    async def discard(self, media: Media) -> None: ...

    async def collect(self, url: str, key: str, kind: Kind, name: str) -> Media:
        """Stream an output into the archive; `key` and `name` get its true extension.

        Raises OutputExpired or OutputUnavailable.
        """
        ...


class Archive(Protocol):
    """Files that we keep, by key; one that is not there is FileNotFoundError."""

    async def put(self, key: str, source: Path, *, content_type: str) -> None: ...
    async def fetch(self, key: str, target: Path) -> None: ...
    async def delete(self, key: str) -> None: ...
    def open(self, key: str) -> AsyncIterator[bytes]: ...
    def local_path(self, key: str) -> Path | None: ...


class ChatPlatform(Protocol):
    """Where people are. Every sending method raises ChatError."""

    async def post_card(self, channel: str, card: Card, key: str) -> str:
        """Show a card and return its message; the same key never makes a second one."""
        ...

    async def update_card(self, channel: str, message: str, card: Card) -> None: ...

    async def deliver(self, channel: str, result: Result, key: str) -> str:
        """Post a result with its files and return its message; the same key never makes a second."""
        ...

    async def notify(self, member: Member, channel: str, notice: Notice) -> None: ...

    async def find_member(self, workspace: str, text: str) -> Member | None:
        """The member that an admin means by a name, an id or a mention."""
        ...
