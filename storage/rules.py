"""What admins have set: allowances, the budget, caps, grants and the time zone of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select

from bot.credits import Allowance, Grant, Period
from bot.jobs import Member
from bot.quotas import Moderation, Rule, choose_rule
from storage.rows import from_micros, to_micros, upsert
from storage.schema import allowances, buckets, grants, workspaces


@dataclass(frozen=True)
class Defaults:
    """What holds where a workspace has set nothing of its own."""

    allowance: Allowance
    jobs_in_flight: int
    zone: ZoneInfo
    moderation: Moderation


def zone_of(c: Connection, workspace: str, defaults: Defaults) -> ZoneInfo:
    """The time zone in which the workspace's periods begin."""
    query = select(workspaces.c.time_zone).where(workspaces.c.workspace == workspace)
    name = c.execute(query).scalar_one_or_none()
    return ZoneInfo(name) if name else defaults.zone


def set_zone(c: Connection, workspace: str, zone: str) -> None:
    c.execute(upsert(c, workspaces, {"workspace": workspace}, {"time_zone": zone}))


def rule_of(c: Connection, workspace: str, scope: str) -> Rule | None:
    rules = _rules(c, workspace, [scope])
    return rules[0] if rules else None


def rules_of(c: Connection, workspace: str | None) -> list[tuple[str, Rule]]:
    """Every rule of a workspace, or of all of them: the workspace and the rule."""
    query = select(allowances).order_by(allowances.c.workspace, allowances.c.scope)
    if workspace is not None:
        query = query.where(allowances.c.workspace == workspace)
    return [(row["workspace"], _rule(row)) for row in c.execute(query).mappings()]


def effective_rule(c: Connection, member: Member, roles: Sequence[str], defaults: Defaults) -> Rule:
    """The rule that applies to a member; see the table in bot.quotas."""
    own, default = f"member:{member.id}", "default"
    known = {
        rule.scope: rule
        for rule in _rules(c, member.workspace, [own, default, *(f"role:{role}" for role in roles)])
    }
    last = Rule(defaults.allowance, "configured")
    by_role = [rule for scope, rule in known.items() if scope.startswith("role:")]
    return choose_rule(known.get(own), by_role, known.get(default), last)


def set_rule(
    c: Connection, workspace: str, scope: str, allowance: Allowance, by: str, now: datetime
) -> None:
    values = {
        "credits": allowance.credits,
        "period": allowance.period.value,
        "blocked": int(allowance.blocked),
        "set_by": by,
        "set_at": to_micros(now),
    }
    c.execute(upsert(c, allowances, {"workspace": workspace, "scope": scope}, values))


def clear_rule(c: Connection, workspace: str, scope: str) -> bool:
    """Take a rule away; False when there was none."""
    statement = delete(allowances).where(
        allowances.c.workspace == workspace, allowances.c.scope == scope
    )
    return c.execute(statement).rowcount == 1


def give_grant(
    c: Connection,
    member: Member,
    grant_id: str,
    amount: int,
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> None:
    c.execute(
        insert(grants).values(
            id=grant_id,
            workspace=member.workspace,
            member=member.id,
            credits=amount,
            expires_at=to_micros(expires_at) if expires_at else None,
            given_by=by,
            given_at=to_micros(now),
        )
    )


def live_grants(c: Connection, member: Member, now: datetime) -> list[Grant]:
    """A member's grants that have not expired, the one that expires soonest first."""
    used = (buckets.c.held + buckets.c.captured).label("used")
    query = (
        select(grants, used)
        .outerjoin(buckets, buckets.c.id == grants.c.workspace + "|grant|" + grants.c.id)
        .where(
            grants.c.workspace == member.workspace,
            grants.c.member == member.id,
            or_(grants.c.expires_at.is_(None), grants.c.expires_at > to_micros(now)),
        )
    )
    found = [_grant(row) for row in c.execute(query).mappings()]
    return sorted(found, key=lambda g: (g.expires_at is None, g.expires_at, g.id))


def _grant(row: RowMapping) -> Grant:
    expires_at = row["expires_at"]
    return Grant(
        id=row["id"],
        credits=row["credits"],
        left=row["credits"] - (row["used"] or 0),
        expires_at=from_micros(expires_at) if expires_at is not None else None,
    )


def _rules(c: Connection, workspace: str, scopes: Sequence[str]) -> list[Rule]:
    query = select(allowances).where(
        allowances.c.workspace == workspace, allowances.c.scope.in_(scopes)
    )
    return [_rule(row) for row in c.execute(query).mappings()]


def _rule(row: RowMapping) -> Rule:
    allowance = Allowance(row["credits"], Period(row["period"]), bool(row["blocked"]))
    return Rule(allowance, row["scope"])
