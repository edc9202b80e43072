"""What an operator asks of the bot from a shell, in rows: whichever bot runs carries it out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class OrderKind(StrEnum):
    RETRY = "retry"
    CANCEL = "cancel"
    REDELIVER = "redeliver"


@dataclass(frozen=True)
class Order:
    """One thing to do with one job; `answer` is what came of it, in words.

    `done` is whether it was done; None before the answer, and in one of an older version.
    """

    id: str
    kind: OrderKind
    job: str
    at: datetime
    answer: str | None = None
    done: bool | None = None


class OrderStorage(Protocol):
    """Orders in rows; each method is one transaction."""

    async def place(self, order: Order) -> None: ...
    async def order(self, order_id: str) -> Order | None: ...
    async def unanswered(self) -> list[Order]:
        """What is still to be done, the oldest first."""
        ...

    async def answer(self, order_id: str, text: str, *, done: bool) -> None: ...
