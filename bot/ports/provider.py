"""Runway."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.requests import GenerationRequest


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

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more is made until a place of the last 24 hours comes free."""
        return self.daily is not None and self.made_today >= self.daily


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

    async def usage(self, start: date, before: date) -> Mapping[tuple[date, str], int]:
        """Credits that Runway charged, by UTC day and model; at most 90 days."""
        ...
