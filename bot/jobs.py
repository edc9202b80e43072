"""A job and its life: the states, and which transition is legal."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bot.errors import StaleJob
from bot.requests import GenerationRequest, Media


class State(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"
    UNDELIVERABLE = "undeliverable"

    @property
    def is_over(self) -> bool:
        return not TRANSITIONS[self]


TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED, State.FAILED}),
    # Back to queued only when Runway certainly made nothing.
    State.SUBMITTING: frozenset({State.RUNNING, State.QUEUED, State.FAILED, State.UNCERTAIN}),
    State.RUNNING: frozenset({State.COLLECTING, State.FAILED, State.CANCELLED}),
    State.COLLECTING: frozenset({State.DELIVERING, State.FAILED}),
    State.DELIVERING: frozenset({State.DELIVERED, State.UNDELIVERABLE}),
    State.DELIVERED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.UNCERTAIN: frozenset(),
    State.UNDELIVERABLE: frozenset(),
}

# Runway holds (or may hold) a slot of the model's concurrency for these.
AT_RUNWAY = (State.SUBMITTING, State.RUNNING)
# What is made already is not cancelled any more.
CANCELLABLE = (State.QUEUED, *AT_RUNWAY)
# Why a queued job waits for its next attempt (in `failure`, until there is a task).
WAIT_BUSY = "WAIT.BUSY"
WAIT_DAILY = "WAIT.DAILY"
# What Runway is about to be asked (in `failure`), should we not live to hear the answer: to cancel a
# task that was seen at work, or one that was not.
CANCEL_RUNNING = "CANCEL.RUNNING"
CANCEL_WAITING = "CANCEL.WAITING"
# Our own failure code for a task that took too long.
TIMEOUT = "TIMEOUT"
# Our own failure code for a job whose input was tidied away before it could be sent.
FILE_GONE = "FILE_GONE"
# Our own failure code for a model that the organisation may not use.
NOT_OFFERED = "REJECTED.MODEL"


def room(channel: str) -> str:
    """The channel that a thread is in: `C1/1700.1` is a thread of `C1`, which is in itself."""
    return channel.partition("/")[0]


def written_id(text: str) -> str:
    """The id of a job that somebody names: in capitals it is the same, and so are its marks as code."""
    return text.strip("` ").lower()


class Cause(StrEnum):
    """How a job came about."""

    COMMAND = "command"
    RETRY = "retry"
    UPSCALE = "upscale"
    ANIMATE = "animate"
    EXTEND = "extend"
    REMIX = "remix"


@dataclass(frozen=True)
class Member:
    """A person in a workspace; `workspace` carries its platform, as in `discord:4711`."""

    workspace: str
    id: str

    @property
    def platform(self) -> str:
        return self.workspace.partition(":")[0]


@dataclass(frozen=True)
class Job:
    """Our durable row: one request from acceptance to delivery. Times are UTC.

    `started_at` is when Runway was first seen at work, `noticed_at` when we saw it done; `due_at`
    is the earliest moment for another attempt. `told` is set when the owner has been told the end.
    `accepted_by` is the replica that shows the job first, `holder` the one that carries it; `fence`
    grows each time that another takes it, so that whoever had it before changes nothing any more.
    """

    id: str
    owner: Member
    channel: str
    request: GenerationRequest
    state: State
    created_at: datetime
    cause: Cause = Cause.COMMAND
    parent: str | None = None
    due_at: datetime | None = None
    attempts: int = 0
    task_id: str | None = None
    cancel_requested: bool = False
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    noticed_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: tuple[Media, ...] = ()
    cost: int | None = None
    charged: int | None = None
    failure: str | None = None
    card: str | None = None
    result: str | None = None
    told: bool = False
    accepted_by: str | None = None
    holder: str | None = None
    fence: int = 0
    seq: int = 0

    def moved(self, to: State, **changes: Any) -> Self:
        """The job in its next state; raises StaleJob where the life has no such step."""
        if to not in TRANSITIONS[self.state]:
            raise StaleJob(f"job {self.id} cannot go from {self.state} to {to}")
        return replace(self, state=to, **changes)
