"""Jobs that ask to be accepted, and what must be known about their owners to decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, or_, select

from bot.jobs import Job, room
from bot.ports import Once
from bot.quotas import Rule
from storage.locks import serialise_all
from storage.rows import among, from_micros, to_micros
from storage.rules import Defaults, rely_on_caps, rules_by_scope, zone_of
from storage.schema import grants, holds, once, strikes
from storage.standings import buckets_of


@dataclass(frozen=True)
class Proposal:
    """A job that asks to be accepted, once for each of the keys.

    `approved` by an admin: the caps and the limit on jobs in flight do not count.
    """

    job: Job
    keys: Sequence[Once]
    now: datetime
    roles: Sequence[str] = ()
    approved: bool = False


@dataclass(frozen=True)
class Taken:
    """A key as its row is: since when, and by which job (or draft)."""

    at: int
    job: str

    def holds(self, key: Once, now: datetime) -> bool:
        """Whether the key may not be taken again."""
        if key.window is None:
            return True
        # What was taken in the future was taken before a clock jumped back.
        return to_micros(now - key.window) <= self.at <= to_micros(now + key.window)


@dataclass(frozen=True)
class Given:
    """A grant, as far as it pays for jobs."""

    id: str
    credits: int
    expires_at: int | None


@dataclass
class Known:
    """What is true of the proposals' owners while their locks are held."""

    zone: ZoneInfo
    rules: dict[str, Rule]
    keys: dict[str, Taken]
    strikes: dict[str, list[datetime]]
    open_holds: dict[str, int]
    buckets: dict[str, str]
    grants: dict[str, list[Given]]


def read(c: Connection, proposals: Sequence[Proposal], defaults: Defaults) -> Known:
    """Lock the owners, then read all that counts: a few questions, however many proposals."""
    workspace = proposals[0].job.owner.workspace
    members = sorted({each.job.owner.id for each in proposals})
    # Before the members: who waits for a cap to begin must not keep others from ending before it.
    rely_on_caps(c, workspace)
    # A member's limit of jobs is counted over rows that others may be about to write.
    serialise_all(c, [f"member|{workspace}|{member}" for member in members])
    now = min(each.now for each in proposals)
    since = now - defaults.moderation.window - defaults.moderation.pause
    return Known(
        zone=zone_of(c, workspace, defaults),
        rules=rules_by_scope(c, workspace, sorted(_scopes(proposals))),
        keys=_taken(c, [key.key for each in proposals for key in each.keys]),
        strikes=_strikes(c, workspace, members, since),
        open_holds=_open_holds(c, workspace, members),
        buckets=buckets_of(c, workspace, members),
        grants=_grants(c, workspace, members, now),
    )


def _scopes(proposals: Iterable[Proposal]) -> set[str]:
    scopes = {"default", "workspace"}
    for each in proposals:
        scopes |= {f"member:{each.job.owner.id}", f"channel:{room(each.job.channel)}"}
        scopes |= {f"role:{role}" for role in each.roles}
    return scopes


def _taken(c: Connection, keys: Sequence[str]) -> dict[str, Taken]:
    if not keys:
        return {}
    query = select(once).where(among(c, once.c.key, keys))
    return {row.key: Taken(row.at, row.job) for row in c.execute(query)}


def _strikes(
    c: Connection, workspace: str, members: Sequence[str], since: datetime
) -> dict[str, list[datetime]]:
    query = (
        select(strikes.c.member, strikes.c.at)
        .where(
            strikes.c.workspace == workspace,
            among(c, strikes.c.member, members),
            strikes.c.at >= to_micros(since),
        )
        .order_by(strikes.c.at)
    )
    found: dict[str, list[datetime]] = {}
    for row in c.execute(query):
        found.setdefault(row.member, []).append(from_micros(row.at))
    return found


def _open_holds(c: Connection, workspace: str, members: Sequence[str]) -> dict[str, int]:
    query = (
        select(holds.c.member, func.count().label("jobs"))
        .where(holds.c.workspace == workspace, among(c, holds.c.member, members), holds.c.open == 1)
        .group_by(holds.c.member)
    )
    return {row.member: row.jobs for row in c.execute(query)}


def _grants(
    c: Connection, workspace: str, members: Sequence[str], now: datetime
) -> dict[str, list[Given]]:
    """Grants that have not expired, each member's by when they do; what never expires comes last."""
    lasting = or_(grants.c.expires_at.is_(None), grants.c.expires_at > to_micros(now))
    query = select(grants).where(
        grants.c.workspace == workspace,
        among(c, grants.c.member, members),
        grants.c.credits > grants.c.taken,
        lasting,
    )
    rows = sorted(c.execute(query), key=lambda r: (r.expires_at is None, r.expires_at, r.id))
    found: dict[str, list[Given]] = {}
    for row in rows:
        grant = Given(row.id, row.credits - row.taken, row.expires_at)
        found.setdefault(row.member, []).append(grant)
    return found
