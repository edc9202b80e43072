"""`dailies quota …`: what the chat commands do, for scripts, and rules in bulk as CSV."""

import argparse
import getpass
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.commandline.quota_arguments import add_quota_arguments
from bot.commandline.quota_reconcile import reconcile
from bot.commandline.quota_rules import (
    COLUMNS,
    credits_of,
    csv_of_rules,
    row_of,
    rule_for,
    rules_in,
)
from bot.commandline.quota_show import show
from bot.commandline.quota_whom import channel_in, member_of, scope_of, somebody, workspace_of
from bot.commandline.tables import Answer, table
from bot.commands.amounts import CONFIGURED, amount, days, limited, period, reason
from bot.commands.specification import SETTINGS
from bot.config import load_config
from bot.credits import BLOCKED, Allowance
from bot.desk.reporting import csv_of, rows_of, used_in
from bot.desk.settings import change_setting
from bot.errors import BadChoice, ConfigError, NoRule, Refused, StorageUnavailable
from bot.jobs import Member
from bot.messages.plain import plain
from bot.messages.refusals import refusal
from bot.messages.reports import settings
from bot.ports import QuotaStorage
from bot.quotas import Change, Changed, Settings
from bot.shell import open_quotas
from bot.watching.logs import set_up_logs

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

CHANGED = ("at", "by", "action", "subject", "before", "after", "why")
USED = ("day", "member", "model", "jobs", "credits", "workspace_credits")
# As many changes are printed, the latest.
MOST_CHANGES = 10_000


def add_quota(commands: "Parsers") -> None:
    """`dailies quota <verb> …`."""
    parser = commands.add_parser("quota", help="look at quotas and set them, also in bulk")
    parser.set_defaults(command=_quota)
    add_quota_arguments(parser)


async def _quota(arguments: argparse.Namespace) -> str:
    # Rules may be there before the bot: whoever names a workspace knows where they are.
    may_make = arguments.workspace is not None or arguments.verb == "import"
    config = load_config()
    set_up_logs("error", config.log.format)
    async with open_quotas(config, may_make=may_make) as quotas:
        return await run_quota(arguments, quotas)


async def run_quota(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    """Do what was asked and return what is printed; raises ConfigError with what is wrong."""
    try:
        answer = await _VERBS[arguments.verb](arguments, quotas)
    except StorageUnavailable:
        raise  # said with its reason, which is not for a chat
    except Refused as error:
        raise ConfigError(plain(refusal(error))) from error
    return answer.said(as_json=arguments.json)


async def _set(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    allowance = Allowance(amount(arguments.credits), period(arguments.period))
    return await _write(arguments, quotas, allowance)


async def _block(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    return await _write(arguments, quotas, BLOCKED, "block")


async def _write(
    arguments: argparse.Namespace,
    quotas: QuotaStorage,
    allowance: Allowance,
    action: str = "set",
) -> Answer:
    workspace = await workspace_of(arguments, quotas)
    rule = rule_for(workspace, arguments.who, allowance)
    await quotas.set_rules([(workspace, rule)], _change(arguments), action)
    row = row_of(workspace, rule)
    return Answer(table(COLUMNS, [row]), row)


async def _clear(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    workspace, scope = await workspace_of(arguments, quotas), scope_of(arguments.who)
    if not await quotas.clear_rule(workspace, scope, _change(arguments)):
        raise NoRule(scope)
    facts = {"workspace": workspace, "scope": scope, "cleared": True}
    return Answer(f"The rule for {scope} is gone.", facts)


async def _grant(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    credits, lasts = limited(arguments.credits), days(arguments.days)
    change, member = _change(arguments), await member_of(arguments.member, arguments, quotas)
    somebody(member.workspace, f"member:{member.id}")
    expires_at = change.at + timedelta(days=lasts) if lasts else None
    await quotas.grant(member, credits, expires_at, change)
    until = expires_at.isoformat() if expires_at else None
    text = f"{member.id} has {credits} credits more."
    return _of(member, text, granted=credits, expires_at=until)


async def _revoke(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    credits = None if arguments.credits is None else limited(arguments.credits)
    member = await member_of(arguments.member, arguments, quotas)
    taken = await quotas.revoke(member, credits, _change(arguments))
    return _of(member, f"{member.id} has {taken} granted credits less.", revoked=taken)


async def _reset(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    member = await member_of(arguments.member, arguments, quotas)
    used = await quotas.reset(member, _change(arguments), arguments.role)
    text = f"{member.id} starts anew: {used} credits used before do not count."
    return _of(member, text, used=used)


async def _pardon(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    member = await member_of(arguments.member, arguments, quotas)
    await quotas.pardon(member, _change(arguments))
    return _of(member, f"{member.id} is no longer paused.", pardoned=True)


async def _history(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    workspace = await workspace_of(arguments, quotas)
    scope = scope_of(arguments.who) if arguments.who else None
    rows = [_line(changed) for changed in await quotas.changed(workspace, scope, MOST_CHANGES)]
    return Answer(table(CHANGED, rows), rows)


async def _report(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    workspace, now = await workspace_of(arguments, quotas), SystemClock().now()
    usages, _ = await used_in(quotas, workspace, period(arguments.period), now)
    rows = rows_of(usages, {})
    return Answer(table(USED, rows) if arguments.table else csv_of(usages, {}).rstrip("\n"), rows)


async def _settings(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    workspace, name, value = (
        await workspace_of(arguments, quotas),
        arguments.setting,
        arguments.value,
    )
    if name is not None:
        if name.lower() not in SETTINGS:
            raise BadChoice("setting", name, SETTINGS)
        if value is None:
            raise ConfigError("Say what to set it to, or `configured`.")
        channel = None
        if name.lower() == "alerts" and value.lower() != CONFIGURED:
            channel = channel_in(workspace, value)
        change = _change(arguments)
        await change_setting(quotas, workspace, name.lower(), value, channel, change)
    found = await quotas.settings(workspace)
    return Answer(plain(settings(found)), _settings_of(workspace, found))


async def _zone(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    workspace = await workspace_of(arguments, quotas)
    change = _change(arguments)
    await change_setting(quotas, workspace, "zone", arguments.zone, None, change)
    found = await quotas.settings(workspace)
    text = f"Periods of {workspace} begin in {found.zone} now."
    return Answer(text, _settings_of(workspace, found))


async def _export(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    rows = [row_of(*found) for found in await quotas.rules(arguments.workspace)]
    return Answer(csv_of_rules(rows), rows)


async def _import(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    rules = rules_in(arguments.file)
    await quotas.set_rules(rules, _change(arguments))
    return Answer(f"{len(rules)} rules set.", [row_of(*rule) for rule in rules])


def _of(member: Member, text: str, **facts: str | int | None) -> Answer:
    """What was changed of a member."""
    return Answer(text, {"workspace": member.workspace, "member": member.id, **facts})


def _settings_of(workspace: str, found: Settings) -> dict[str, str | int | None]:
    """By the names that they are set with; None for what is never asked, or set nowhere."""
    return {
        "workspace": workspace,
        "zone": found.zone,
        "credits": credits_of(found.default),
        "period": found.default.period.value,
        "alerts": found.alert_channel,
        "confirm": found.asks_above,
    }


def _change(arguments: argparse.Namespace) -> Change:
    return Change(by(), SystemClock().now(), reason(arguments.why))


def by() -> str:
    """Whose command line it is, as the history has it."""
    try:
        return f"command line of {getpass.getuser()}"
    except (KeyError, OSError):  # a container's user need not have a name
        return "the command line"


def _line(changed: Changed) -> dict[str, str]:
    change = changed.change
    values = (
        change.at.isoformat(timespec="seconds"), change.by, changed.action, changed.subject,
        changed.before or "", changed.after or "", change.why or "",
    )  # fmt: skip
    return dict(zip(CHANGED, values, strict=True))


_VERBS: dict[str, Callable[[argparse.Namespace, QuotaStorage], Awaitable[Answer]]] = {
    "show": show,
    "set": _set,
    "block": _block,
    "clear": _clear,
    "grant": _grant,
    "revoke": _revoke,
    "reset": _reset,
    "pardon": _pardon,
    "history": _history,
    "report": _report,
    "settings": _settings,
    "zone": _zone,
    "reconcile": reconcile,
    "export": _export,
    "import": _import,
}
