"""Time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time; `now` is UTC, `monotonic` in seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
