"""A task as it is written down, and its phase: a pure function of the record and the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bot.runway.simulator.assets import Asset
from bot.runway.simulator.faults import FAILURES

Status = Literal["THROTTLED", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
OPEN: frozenset[Status] = frozenset({"THROTTLED", "PENDING", "RUNNING"})
REFUNDED_ON_CANCEL: frozenset[Status] = frozenset({"THROTTLED", "PENDING"})
STALLED_AT = 0.9
NEVER = float("inf")


class Task(BaseModel):
    """A create that was accepted. Times are epoch seconds; `number` counts creates."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: int
    operation: str
    model: str
    created: float
    queue: float
    duration: float
    credits: int
    body: dict[str, Any]  # as it came, data URIs cut: read again through operations.parse_body
    body_sha256: str
    look: int
    assets: tuple[Asset, ...] = ()
    failure_code: str = ""
    words: frozenset[str] = frozenset()
    done_once: frozenset[str] = frozenset()
    admitted: float | None = None
    cancelled: float | None = None
    cancelled_from: Status | None = None
    deleted: float | None = None

    @property
    def ends(self) -> float:
        """When it lets go of its place; NEVER while it waits for one or stalls."""
        if self.cancelled is not None:
            return self.cancelled
        if self.admitted is None or "stall" in self.words:
            return NEVER
        return self.admitted + self.queue + self.duration

    @property
    def gone(self) -> bool:
        """Whether the API no longer knows it."""
        return self.cancelled is not None or self.deleted is not None


@dataclass(frozen=True)
class Phase:
    """Where a task is: its status, and its progress while it runs."""

    status: Status
    progress: float = 0.0


def phase_of(task: Task, now: float) -> Phase:
    """The phase of a task at the time `now`."""
    if task.cancelled is not None:
        return Phase("CANCELLED")
    if task.admitted is None:
        return Phase("THROTTLED")
    if now >= task.ends:
        return Phase(_ending(task))
    ran = now - task.admitted - task.queue
    if ran < 0:
        return Phase("PENDING")
    most = STALLED_AT if "stall" in task.words else 0.99
    return Phase("RUNNING", round(min(most, ran / max(task.duration, 0.001)), 3))


def _ending(task: Task) -> Status:
    if task.failure_code:
        return "FAILED"
    return "CANCELLED" if "cancelled" in task.words else "SUCCEEDED"


def cost_of(task: Task, now: float) -> int:
    """The credits that a task costs as things stand; refunds are off."""
    status = phase_of(task, now).status
    if status == "FAILED":
        return 0 if FAILURES[task.failure_code].refunded else task.credits
    if status != "CANCELLED":
        return task.credits
    refunded = task.cancelled is None or task.cancelled_from in REFUNDED_ON_CANCEL
    return 0 if refunded else task.credits


def describe(task: Task, now: float, output: list[str]) -> dict[str, object]:
    """A task as the API shows it; `output` are its links, used once it succeeded."""
    phase = phase_of(task, now)
    created = datetime.fromtimestamp(task.created, UTC).isoformat(timespec="milliseconds")
    shown: dict[str, object] = {
        "id": task.id,
        "status": phase.status,
        "createdAt": created.replace("+00:00", "Z"),
    }
    if phase.status in OPEN:
        shown["estimatedCost"] = {"credits": task.credits}
    else:
        shown["cost"] = {"credits": cost_of(task, now)}
    if phase.status == "RUNNING":
        shown["progress"] = phase.progress
    if phase.status == "SUCCEEDED":
        shown["output"] = output
    if phase.status == "FAILED":
        shown["failure"] = FAILURES[task.failure_code].message
        shown["failureCode"] = task.failure_code
    return shown
