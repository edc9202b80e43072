"""Whose allowance applies, what pays for a job, and what people are told about it: the rules.

Which rule applies to a member, the first that there is:

| # | rule                        | set with                                     |
|---|-----------------------------|----------------------------------------------|
| 1 | the member's own            | `/quota set @member`, `/quota block @member` |
| 2 | the highest of their roles  | `/quota set role`, `/quota block role`       |
| 3 | the workspace's default     | `/quota set default`                         |
| 4 | the configured default      | `[quota]` in config.toml                     |

"Highest" compares credits per day; unlimited is above every number and blocked below. Beside that
rule, a job must fit into the workspace's budget and the channel's cap, where there is one. Grants
add to the rule: the allowance is used first, then the grant that expires soonest.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.credits import MOST_CREDITS, Allowance, Period

_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}

# Shares of an allowance or budget, in percent, at which people are told once a period.
MARKS = (50, 80, 100)
# A forecast from less than this share of a period says more about chance than about pace.
LEAST_SHARE_TO_FORECAST = 0.05


@dataclass(frozen=True)
class Rule:
    """An allowance and where it comes from: `member:…`, `role:…`, `default` or `configured`.

    A cap's is `workspace` or `channel:…`.
    """

    allowance: Allowance
    scope: str

    @property
    def is_cap(self) -> bool:
        """Whether it is the workspace's budget or a channel's cap."""
        return self.scope == "workspace" or self.scope.startswith("channel:")


@dataclass(frozen=True)
class Change:
    """Who changes something about quotas, when, and why, where they say so.

    `by` is a member's id, or says that it was done on the command line.
    """

    by: str
    at: datetime
    why: str | None = None


@dataclass(frozen=True)
class Changed:
    """One line of the history; `before` and `after` are for people to read."""

    change: Change
    action: str
    subject: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Settings:
    """What holds in a workspace: set by its admins, else configured.

    A `confirm_above` of None never asks; an `alert_channel` of None is where the platform alerts.
    """

    zone: str
    default: Allowance
    confirm_above: int | None
    alert_channel: str | None = None

    @property
    def asks_above(self) -> int | None:
        """The price above which people are asked; None where they never are."""
        above = self.confirm_above
        return None if above is None or above >= MOST_CREDITS else above


@dataclass(frozen=True)
class Usage:
    """What a member used of a model on a day of the workspace's; credits.

    `workspace_paid` is what Runway charged for it that the member did not pay.
    """

    day: date
    member: str
    model: str
    jobs: int
    paid: int
    workspace_paid: int = 0


def written(allowance: Allowance) -> str:
    """An allowance in few words, as the history keeps it."""
    if allowance.blocked:
        return "blocked"
    if allowance.credits is None:
        return "unlimited"
    return f"{allowance.credits} a {allowance.period}"


def choose_rule(own: Rule | None, roles: Iterable[Rule], default: Rule | None, last: Rule) -> Rule:
    """The rule that applies, by the table above."""
    highest = max(roles, key=lambda rule: _worth(rule.allowance), default=None)
    return own or highest or default or last


def split(amount: int, free: Sequence[int | None]) -> list[int] | None:
    """Divide a price over what is free in each bucket, the first one first; None if it is too much.

    A free amount of None has no limit.
    """
    parts = []
    for available in free:
        part = amount if available is None else min(amount, max(0, available))
        parts.append(part)
        amount -= part
    return parts if amount == 0 else None


def crossed(used: int, limit: int | None) -> list[int]:
    """The marks, in percent, that `used` credits of `limit` have reached."""
    if not limit:
        return []
    return [mark for mark in MARKS if used * 100 >= limit * mark]


def forecast(
    used: int, limit: int | None, start: datetime, end: datetime, now: datetime
) -> datetime | None:
    """When the limit is reached at the period's pace so far; None when it lasts, or nobody knows."""
    share = (now - start) / (end - start)
    if limit is None or used <= 0 or share < LEAST_SHARE_TO_FORECAST:
        return None
    runs_out = start + timedelta(seconds=(now - start).total_seconds() * limit / used)
    return max(now, runs_out) if runs_out < end else None


def _worth(allowance: Allowance) -> float:
    if allowance.blocked:
        return -1
    if allowance.credits is None:
        return float("inf")
    return allowance.credits / _DAYS[allowance.period]


@dataclass(frozen=True)
class Moderation:
    """After `strikes` refusals by Runway's moderation within `window`, a pause of `pause`."""

    strikes: int = 3
    window: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=24)
    words: tuple[str, ...] = ()

    def word_in(self, prompt: str) -> str | None:
        """The first listed word that the prompt has, as a word of its own, in whatever form."""
        folded = _folded(prompt)
        return next(
            (w for w in self.words if re.search(rf"(?<!\w){re.escape(_folded(w))}(?!\w)", folded)),
            None,
        )


def _folded(text: str) -> str:
    """The text as it is compared: without what cannot be seen, in plain and small letters."""
    seen = (sign for sign in unicodedata.normalize("NFKC", text) if not _is_unseen(sign))
    return "".join(seen).casefold()


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf"  # zero-width signs, soft hyphens


def paused_until(strikes: Sequence[datetime], rules: Moderation, now: datetime) -> datetime | None:
    """Until when a member is paused for their strikes (the oldest first); None when they are not."""
    until = None
    for first, last in zip(strikes, strikes[rules.strikes - 1 :], strict=False):
        if last - first <= rules.window:
            until = last + rules.pause
    return until if until is not None and until > now else None
