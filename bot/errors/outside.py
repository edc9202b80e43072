"""Runway, the archive or a chat did not do what was asked."""

from dataclasses import dataclass

from bot.errors.root import DailiesError


class ProviderError(DailiesError):
    """Runway did not do what was asked; `str()` is safe to log and holds no secret."""


@dataclass(eq=False)
class NotCreated(ProviderError):
    """No task was made; `wait` is Runway's own hint in seconds.

    `limited` when some limit is reached, `daily` when Runway says that it is a day's.
    """

    detail: str
    wait: float | None = None
    limited: bool = False
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
    """An output could not be had now; another try may help."""


class OutputUnusable(DailiesError):
    """An output is not what it should be."""


class ArchiveFailed(DailiesError):
    """The archive did not do what was asked (network, permissions, disk); another try may help."""


@dataclass(eq=False)
class ChatError(DailiesError):
    """A platform did not do what was asked; `permanent` when trying again would not help."""

    detail: str
    permanent: bool = False

    def __str__(self) -> str:
        return self.detail
