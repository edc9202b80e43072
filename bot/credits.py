"""Allowances, periods and settlement: the rules, without a database.

What an outcome costs (`settle`), in Runway's credits. Whatever Runway charged and the member does
not pay is booked to the workspace, so that nothing is ever lost from the books:

| outcome                                   | the member pays       | the workspace pays        |
|-------------------------------------------|-----------------------|---------------------------|
| delivered                                 | the cost, up to the hold | what is above the hold |
| undeliverable                             | nothing               | the cost                  |
| failed: the prompt or input was refused (`SAFETY.INPUT`, `INPUT_PREPROCESSING.SAFETY`) | the cost, up to the hold | what is above the hold |
| failed: anything else                     | nothing               | the cost (mostly 0)       |
| cancelled in our queue, or refused by Runway | nothing            | nothing                   |
| cancelled before Runway began             | nothing               | the price: a refund is not certain |
| cancelled while Runway was at work        | the price             | nothing                   |
| uncertain                                 | nothing               | the price, as *unreconciled* |
| given up after far too long               | nothing               | the price, as *unreconciled* |

"The cost" is Runway's own `cost.credits` where it says one; for a success that says none, the price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# More than any team spends, and far below what an integer column holds.
MOST_CREDITS = 1_000_000_000


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Allowance:
    """Credits that may be used per period; None is unlimited. `blocked` may use none at all."""

    credits: int | None
    period: Period = Period.MONTH
    blocked: bool = False


BLOCKED = Allowance(0, blocked=True)


@dataclass(frozen=True)
class Grant:
    """Credits given once, beside the allowance; `left` is what is neither held nor captured."""

    id: str
    credits: int
    left: int
    expires_at: datetime | None
    held: int = 0

    @property
    def captured(self) -> int:
        return self.credits - self.left - self.held


@dataclass(frozen=True)
class Balance:
    """Where a member stands in the current period; `held` and `captured` are of the allowance."""

    allowance: Allowance
    held: int
    captured: int
    started_at: datetime
    resets_at: datetime
    scope: str = "configured"
    grants: tuple[Grant, ...] = ()

    @property
    def left(self) -> int | None:
        """Credits still free to use, grants included; None when there is no limit."""
        if self.allowance.blocked:
            return 0
        if self.allowance.credits is None:
            return None
        own = max(0, self.allowance.credits - self.captured - self.held)
        return own + sum(grant.left for grant in self.grants)

    @property
    def whole(self) -> int:
        """All that there is to be used, used or not; without what has no limit."""
        return (self.allowance.credits or 0) + sum(grant.credits for grant in self.grants)

    @property
    def whole_held(self) -> int:
        return self.held + sum(grant.held for grant in self.grants)

    @property
    def whole_captured(self) -> int:
        return self.captured + sum(grant.captured for grant in self.grants)


@dataclass(frozen=True)
class Movement:
    """One entry of the ledger: `kind` is hold, capture, release or reset; `amount` in credits."""

    at: datetime
    kind: str
    amount: int
    job_id: str


@dataclass(frozen=True)
class Statement:
    """Where a member stands, what their jobs hold (job and credits), and the latest entries."""

    balance: Balance
    holds: Sequence[tuple[str, int]]
    movements: Sequence[Movement]


class Outcome(StrEnum):
    """How a job ended, as far as money is concerned."""

    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    INPUT_REFUSED = "input_refused"
    FAILED = "failed"
    NEVER_SENT = "never_sent"
    CANCELLED_WAITING = "cancelled_waiting"
    CANCELLED_RUNNING = "cancelled_running"
    UNCERTAIN = "uncertain"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Settlement:
    """Credits captured from the member, and booked to the workspace."""

    captured: int
    booked: int = 0


INPUT_REFUSED_CODES = ("SAFETY.INPUT", "INPUT_PREPROCESSING.SAFETY")


def failure_outcome(code: str | None) -> Outcome:
    """Which row of the table a Runway failure code falls under."""
    refused = code is not None and code.startswith(INPUT_REFUSED_CODES)
    return Outcome.INPUT_REFUSED if refused else Outcome.FAILED


def settle(outcome: Outcome, hold: int, cost: int | None) -> Settlement:
    """Divide what Runway charged (`cost`, where known) between the member and the workspace."""
    match outcome:
        case Outcome.DELIVERED | Outcome.INPUT_REFUSED:
            fallback = hold if outcome is Outcome.DELIVERED else 0
            charged = fallback if cost is None else max(0, cost)
            return Settlement(min(charged, hold), max(0, charged - hold))
        case Outcome.UNDELIVERABLE:
            return Settlement(0, hold if cost is None else max(0, cost))
        case Outcome.FAILED:
            return Settlement(0, max(0, cost or 0))
        case Outcome.CANCELLED_RUNNING:
            return Settlement(hold)
        case Outcome.CANCELLED_WAITING | Outcome.UNCERTAIN | Outcome.GIVEN_UP:
            return Settlement(0, hold)
        case Outcome.NEVER_SENT:
            return Settlement(0)


def period_start(now: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The UTC moment at which the period around `now` began, at midnight on the wall of `zone`."""
    day = now.astimezone(zone).date()
    if period is Period.WEEK:
        day -= timedelta(days=day.weekday())
    elif period is Period.MONTH:
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def period_end(now: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The UTC moment at which the period around `now` ends and the next begins."""
    # The longest period and the longest day both end before these many hours are over.
    hours = {Period.DAY: 36, Period.WEEK: 7 * 24 + 12, Period.MONTH: 32 * 24}[period]
    later = period_start(now, period, zone) + timedelta(hours=hours)
    return period_start(later, period, zone)
