"""Credits, rights, and what admins may set."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors.root import Refused


@dataclass(eq=False)
class NotEnoughCredits(Refused):
    """`team` when it is the workspace's budget that is used up, `channel` when the channel's cap.

    `draft` can be put before an admin.
    """

    price: int
    left: int
    resets_at: datetime | None
    team: bool = False
    channel: bool = False
    draft: str | None = None


@dataclass(eq=False)
class Blocked(Refused):
    """`scope` is the rule that blocks: `member:…`, `role:…` or `default`."""

    scope: str


@dataclass(eq=False)
class Paused(Refused):
    """Too many refusals by Runway's moderation."""

    until: datetime


@dataclass(eq=False)
class TooFast(Refused):
    """More commands than one member may give in a while; `wait` in seconds."""

    wait: float


@dataclass(eq=False)
class Stopping(Refused):
    """The bot is being stopped, and takes nothing new."""


@dataclass(eq=False)
class WordNotAllowed(Refused):
    word: str


@dataclass(eq=False)
class TooManyJobs(Refused):
    limit: int


@dataclass(eq=False)
class AdminsOnly(Refused):
    what: str


@dataclass(eq=False)
class BadAmount(Refused):
    """Not a number from `least`; `also` is the word that would do there, where one would."""

    value: str
    least: int = 1
    also: str | None = None


@dataclass(eq=False)
class ZeroAmount(Refused):
    """An allowance of nothing, which is a block."""


@dataclass(eq=False)
class UnknownMember(Refused):
    value: str


@dataclass(eq=False)
class NotAMember(Refused):
    """Something that only a member can have, asked for a role or the whole workspace."""

    value: str


@dataclass(eq=False)
class NotBlockable(Refused):
    """The workspace as a whole, or a channel: they have caps."""

    value: str


@dataclass(eq=False)
class NoRule(Refused):
    value: str


@dataclass(eq=False)
class UnknownZone(Refused):
    value: str


@dataclass(eq=False)
class BadDays(Refused):
    value: str


@dataclass(eq=False)
class NothingGranted(Refused):
    """There is no grant that could be taken back."""

    value: str


@dataclass(eq=False)
class TooMuchToRevoke(Refused):
    amount: int
    left: int


@dataclass(eq=False)
class UnknownChannel(Refused):
    value: str


@dataclass(eq=False)
class TooLongReason(Refused):
    limit: int


@dataclass(eq=False)
class DraftOver(Refused):
    """A draft that was decided already: its state."""

    state: str


@dataclass(eq=False)
class TooManyQuestions(Refused):
    """As many of a member's questions as may be open lie before the admins already."""

    limit: int


@dataclass(eq=False)
class OwnerStopped(Refused):
    """An admin approves what its owner may not run: blocked since, or paused `until` then."""

    owner: str
    until: datetime | None = None


@dataclass(eq=False)
class AdminsNotReached(Refused):
    """No admin could be told that somebody asks for more credits."""
