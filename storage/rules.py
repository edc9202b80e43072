"""What admins have set: allowances, the budget, caps, grants and the time zone of a workspace."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from bot.credits import Allowance, Grant, Period
from bot.errors import NothingGranted, TooMuchToRevoke
from bot.jobs import Member
from bot.quotas import Change, Moderation, Rule, choose_rule, written
from storage import changes
from storage.locks import keep_open, serialise, serialise_all, share
from storage.rows import from_micros, to_micros, upsert
from storage.schema import allowances, buckets, grants, workspaces


@dataclass(frozen=True)
class Defaults:
    """What holds where a workspace has set nothing of its own."""

    allowance: Allowance
    jobs_in_flight: int
    zone: ZoneInfo
    moderation: Moderation
    confirm_above: int | None = None


# What every command asks is put together once: that costs more than the answers.
_ZONE = select(workspaces.c.time_zone).where(workspaces.c.workspace == bindparam("workspace"))
_RULES = select(allowances).where(
    allowances.c.workspace == bindparam("workspace"),
    allowances.c.scope.in_(bindparam("scopes", expanding=True)),
)
_LIVE = (
    select(grants, buckets.c.held, buckets.c.captured)
    .outerjoin(buckets, buckets.c.id == grants.c.workspace + "|grant|" + grants.c.id)
    .where(
        grants.c.workspace == bindparam("workspace"),
        grants.c.member == bindparam("member"),
        grants.c.credits > grants.c.taken,
        or_(grants.c.expires_at.is_(None), grants.c.expires_at > bindparam("now")),
    )
)


def rely_on_caps(c: Connection, workspace: str) -> None:
    """Let no cap begin and no time zone change until what is decided without it is written."""
    share(c, _lock_of(workspace))


def stand_still(c: Connection, workspaces: Iterable[str]) -> None:
    """Let nothing be accepted or settled in these workspaces, so that their caps can begin.

    What a cap begins with is read in several steps: a job that came or went between two of them
    would not be counted at all, or never be let go of.
    """
    some = sorted(set(workspaces))
    serialise_all(c, [_lock_of(workspace) for workspace in some])
    for workspace in some:
        keep_open(c, workspace)


def _lock_of(workspace: str) -> str:
    return f"caps|{workspace}"


def zone_of(c: Connection, workspace: str, defaults: Defaults) -> ZoneInfo:
    """The time zone in which the workspace's periods begin."""
    name = c.execute(_ZONE, {"workspace": workspace}).scalar_one_or_none()
    return ZoneInfo(name) if name else defaults.zone


def rule_of(c: Connection, workspace: str, scope: str) -> Rule | None:
    """The rule of one scope; None where nothing is set."""
    return rules_by_scope(c, workspace, [scope]).get(scope)


def rules_of(c: Connection, workspace: str | None) -> list[tuple[str, Rule]]:
    """Every rule of a workspace, or of all of them: the workspace and the rule."""
    query = select(allowances).order_by(allowances.c.workspace, allowances.c.scope)
    if workspace is not None:
        query = query.where(allowances.c.workspace == workspace)
    return [(row["workspace"], _rule(row)) for row in c.execute(query).mappings()]


def rules_by_scope(c: Connection, workspace: str, scopes: Sequence[str]) -> dict[str, Rule]:
    """A workspace's rules among these scopes."""
    found = c.execute(_RULES, {"workspace": workspace, "scopes": list(scopes)})
    return {row["scope"]: _rule(row) for row in found.mappings()}


def effective_rule(c: Connection, member: Member, roles: Sequence[str], defaults: Defaults) -> Rule:
    """The rule that applies to a member; see the table in bot.quotas."""
    scopes = [f"member:{member.id}", "default", *(f"role:{role}" for role in roles)]
    known = rules_by_scope(c, member.workspace, scopes)
    return chosen_rule(known, member, roles, defaults)


def chosen_rule(
    known: Mapping[str, Rule], member: Member, roles: Sequence[str], defaults: Defaults
) -> Rule:
    """The rule that applies to a member, among those that a workspace has."""
    by_role = [known[scope] for role in roles if (scope := f"role:{role}") in known]
    last = Rule(defaults.allowance, "configured")
    return choose_rule(known.get(f"member:{member.id}"), by_role, known.get("default"), last)


def set_rule(c: Connection, workspace: str, rule: Rule, change: Change, action: str) -> None:
    """Set a rule, and write down who did."""
    before = rule_of(c, workspace, rule.scope)
    allowance = rule.allowance
    values = {
        "credits": allowance.credits,
        "period": allowance.period.value,
        "blocked": int(allowance.blocked),
        "set_by": change.by,
        "set_at": to_micros(change.at),
    }
    c.execute(upsert(c, allowances, {"workspace": workspace, "scope": rule.scope}, values))
    old = written(before.allowance) if before else None
    new = written(allowance)
    changes.record(c, workspace, change, action, rule.scope, before=old, after=new)


def clear_rule(c: Connection, workspace: str, scope: str, change: Change) -> bool:
    """Take a rule away; False when there was none."""
    before = rule_of(c, workspace, scope)
    statement = delete(allowances).where(
        allowances.c.workspace == workspace, allowances.c.scope == scope
    )
    if c.execute(statement).rowcount != 1 or before is None:
        return False
    changes.record(c, workspace, change, "clear", scope, before=written(before.allowance))
    return True


def give_grant(
    c: Connection,
    member: Member,
    amount: int,
    expires_at: datetime | None,
    change: Change,
    action: str = "grant",
) -> None:
    """Give a member credits, and write down who did."""
    before = granted_left(live_grants(c, member, change.at))
    c.execute(
        insert(grants).values(
            id=secrets.token_hex(8),
            workspace=member.workspace,
            member=member.id,
            credits=amount,
            expires_at=to_micros(expires_at) if expires_at else None,
            given_by=change.by,
            given_at=to_micros(change.at),
        )
    )
    until = f" (until {expires_at:%Y-%m-%d %H:%M} UTC)" if expires_at else ""
    changes.record(
        c,
        member.workspace,
        change,
        action,
        f"member:{member.id}",
        before=f"{before} granted",
        after=f"{before + amount} granted{until}",
    )


def take_grants(c: Connection, member: Member, amount: int | None, change: Change) -> int:
    """Take back so many of a member's granted credits, or all that is left; how many it were.

    What lasts longest goes first. Raises NothingGranted or TooMuchToRevoke.
    """
    # Nobody may hold of them meanwhile.
    serialise(c, f"member|{member.workspace}|{member.id}")
    live = live_grants(c, member, change.at)
    before = granted_left(live)
    if not live:
        raise NothingGranted(member.id)
    if amount is not None and amount > before:
        raise TooMuchToRevoke(amount, before)
    left = before if amount is None else amount
    for grant in reversed(live):
        # A whole grant goes with what its jobs hold: what they give back is nobody's any more.
        part = grant.credits if amount is None else min(left, grant.left)
        left -= min(left, grant.left)
        taken = update(grants).where(grants.c.id == grant.id)
        c.execute(taken.values(taken=grants.c.taken + part))
    gone = before if amount is None else amount
    scope = f"member:{member.id}"
    words = {"before": f"{before} granted", "after": f"{before - gone} granted"}
    changes.record(c, member.workspace, change, "revoke", scope, **words)
    return gone


def granted_left(live: Sequence[Grant]) -> int:
    """What is left of some grants together."""
    return sum(grant.left for grant in live)


def live_grants(c: Connection, member: Member, now: datetime) -> list[Grant]:
    """A member's grants that have not expired, the one that expires soonest first."""
    whose = {"workspace": member.workspace, "member": member.id, "now": to_micros(now)}
    found = [_grant(row) for row in c.execute(_LIVE, whose).mappings()]
    return sorted(found, key=lambda g: (g.expires_at is None, g.expires_at, g.id))


def _grant(row: RowMapping) -> Grant:
    expires_at, credits = row["expires_at"], row["credits"] - row["taken"]
    held, captured = row["held"] or 0, row["captured"] or 0
    return Grant(
        id=row["id"],
        credits=credits,
        left=max(0, credits - held - captured),
        expires_at=from_micros(expires_at) if expires_at is not None else None,
        held=held,
    )


def _rule(row: RowMapping) -> Rule:
    allowance = Allowance(row["credits"], Period(row["period"]), bool(row["blocked"]))
    return Rule(allowance, row["scope"])
