"""`dailies quota show`: every rule, or where somebody stands."""

import argparse
from dataclasses import asdict
from typing import Any

from bot.clock import SystemClock
from bot.commandline.quota_rules import COLUMNS, credits_of, row_of
from bot.commandline.quota_whom import member_of, scope_of, workspace_of
from bot.commandline.tables import Answer, table
from bot.credits import Balance
from bot.desk.overviews import overview_of, rule_of
from bot.messages import quotas as messages
from bot.messages.plain import plain
from bot.ports import QuotaStorage


async def show(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    """Whoever is asked for; every rule without anybody."""
    if arguments.who is None:
        rows = [row_of(*found) for found in await quotas.rules(arguments.workspace)]
        return Answer(table(COLUMNS, rows), rows)
    scope = scope_of(arguments.who)
    if scope.startswith("member:"):
        return await _member(arguments, quotas)
    workspace = await workspace_of(arguments, quotas)
    if scope in ("default", "workspace"):
        return await _workspace(workspace, quotas)
    return await _rule(workspace, scope, quotas)


async def _member(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    member = await member_of(arguments.who, arguments, quotas)
    balance = await quotas.balance(member, SystemClock().now(), arguments.role)
    facts: dict[str, Any] = {
        "member": member.id,
        "rule": balance.scope,
        "allowance": balance.allowance.credits,
        "blocked": balance.allowance.blocked,
        "period": balance.allowance.period.value,
        **_standing(balance),
        "grants": [asdict(grant) for grant in balance.grants],
    }
    shown = facts | {
        "allowance": credits_of(balance.allowance),
        "left": "unlimited" if balance.left is None else balance.left,
        "grants": ", ".join(str(grant.left) for grant in balance.grants) or "none",
    }
    return Answer("\n".join(f"{name:<10} {value}" for name, value in shown.items()), facts)


async def _workspace(workspace: str, quotas: QuotaStorage) -> Answer:
    found = await overview_of(quotas, workspace, SystemClock().now())
    facts = {
        "workspace": workspace,
        "zone": found.zone,
        "rules": [row_of(workspace, rule) for rule in found.rules],
        "budget": found.budget and _standing(found.budget),
        "used_this_month": [{"member": member, "credits": used} for member, used in found.used],
    }
    return Answer(plain(found.text), facts)


async def _rule(workspace: str, scope: str, quotas: QuotaStorage) -> Answer:
    """A role's rule; a channel's cap, and where it stands."""
    rule = await rule_of(quotas, workspace, scope)
    facts: dict[str, Any] = {
        "workspace": workspace,
        "scope": scope,
        "rule": rule and row_of(workspace, rule),
    }
    text = messages.rule(messages.whose(scope), rule)
    if scope.startswith("channel:"):
        cap = await quotas.budget(workspace, scope, SystemClock().now())
        facts["standing"] = cap and _standing(cap)
        text += messages.used_of(cap) if cap else ()
    return Answer(plain(text), facts)


def _standing(balance: Balance) -> dict[str, Any]:
    return {
        "captured": balance.captured,
        "held": balance.held,
        "left": balance.left,
        "resets_at": balance.resets_at.isoformat(),
    }
