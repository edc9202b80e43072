"""Jobs in rows, and what the core asks about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from bot.credits import Outcome
from bot.jobs import Job, Member, State
from bot.ports.provider import ModelLimits


@dataclass(frozen=True)
class Once:
    """A thing that may happen once: for ever (a platform's event id), or once in a `window`."""

    key: str
    window: timedelta | None = None


# A tuple: thousands are made anew whenever the queue is looked at.
class Waiting(NamedTuple):
    """A queued job, as far as its turn is concerned."""

    id: str
    owner: Member
    model: str
    seq: int
    due_at: datetime | None


# How many places at Runway are taken, by model.
Busy = Mapping[str, int]
# How many of a model's places a member has; or a number that grows with every turn they have had.
ByMember = Mapping[tuple[str, Member], int]


class Lines(NamedTuple):
    """Who waits, the oldest first; what is at Runway, and what of it is theirs; the turns that they
    have had; and when that was, by the database's clock, by which jobs are due. While nobody waits,
    nothing is said of Runway."""

    waiting: list[Waiting]
    busy: Busy
    theirs: ByMember
    served: ByMember
    now: datetime


@dataclass(frozen=True)
class Timing:
    """How long Runway worked on a finished job, in seconds."""

    model: str
    duration: int | None
    seconds: float


class Storage(Protocol):
    """Rows. Each method is one transaction."""

    async def accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str] = ()
    ) -> Job:
        """Insert the job and its hold together.

        Returns the job that an equal `once` made before, if there is one. Raises
        NotEnoughCredits, Blocked, Paused or TooManyJobs, and then nothing was written.
        """
        ...

    async def first_time(self, once: Once, now: datetime) -> bool:
        """Take a key for something that makes no job; False when it was taken before."""
        ...

    async def job(self, job_id: str) -> Job | None: ...
    async def unfinished(self) -> list[Job]: ...
    async def recent(self, owner: Member, limit: int) -> list[Job]: ...
    async def active(self, workspace: str) -> list[Job]: ...
    async def sent_at(self, model: str) -> list[datetime]:
        """When a model's jobs at Runway were sent there."""
        ...

    async def lines(self) -> Lines: ...
    async def timings(self, limit: int) -> list[Timing]: ...

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        """Move a job on from the state it was read in; raises StaleJob when it has moved already.

        `due_at` may be a timedelta: so long from now, by the database's clock.
        """
        ...

    async def note(self, job_id: str, **changes: Any) -> Job:
        """Write down something about a job that is no change of state."""
        ...

    async def note_as_held(self, job: Job, **changes: Any) -> Job:
        """The same, by who has the job: raises StaleJob when it moved on, or is another replica's."""
        ...

    async def note_card(self, job_id: str, card: str) -> Job:
        """Write down where a job's card is, unless it has one; the job comes back with the one it has."""
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

    async def take_turns(self, replica: str, limits: Mapping[str, ModelLimits]) -> list[Job]:
        """Give a replica the queued jobs whose turn at Runway it is, over all replicas."""
        ...

    async def take_over(self, replica: str, most: int) -> list[Job]:
        """Give a replica jobs under way that are nobody's, because their holder is dead."""
        ...

    async def release(self, job: Job, **changes: Any) -> None:
        """Let a queued job wait for its turn again; nothing when somebody else has it.

        `due_at` may be a timedelta, as in `advance`.
        """
        ...

    async def confirm(self, job: Job, replica: str) -> None:
        """Raise StaleJob unless the replica has this job now: asked right before an effect."""
        ...

    async def to_cancel(self, replica: str) -> list[Job]:
        """Running jobs of a replica that somebody wants cancelled."""
        ...

    async def held(self, replica: str) -> list[str]:
        """A replica's jobs, as its rows say; it may not have heard that one is its own."""
        ...

    async def note_late(self, job: Job, seconds: float) -> None:
        """Have the admins told, once, that a job has been at work for strikingly long."""
        ...

    async def untold(self, platforms: Collection[str]) -> list["Untold"]:
        """Notices of these platforms that nobody has been told yet."""
        ...

    async def told(self, key: str) -> None: ...


@dataclass(frozen=True)
class Untold:
    """A thing to be told once: to a member, or to the admins (`member` is None)."""

    key: str
    workspace: str
    member: str | None
    channel: str
    kind: str
    facts: Mapping[str, Any]
