"""`dailies quota …`: what the chat commands do, for scripts, and rules in bulk as CSV."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.clock import SystemClock
from bot.commandline.tables import table
from bot.config import load_config
from bot.credits import BLOCKED, Allowance
from bot.errors import BadAmount, ConfigError, NoRule, Refused
from bot.jobs import Member
from bot.messages.plain import plain
from bot.messages.refusals import refusal
from bot.ports import QuotaStorage
from bot.quota_desk import amount, days, period, zone
from bot.quotas import Rule
from bot.shell import open_quotas

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

COLUMNS = ("workspace", "scope", "credits", "period")
BY = "command line"
_WHO = "member:ID, role:ID, channel:ID, default or workspace; a bare id is a member"


def add_quota(commands: "Parsers") -> None:
    """`dailies quota <verb> …`."""
    parser = commands.add_parser("quota", help="look at quotas and set them, also in bulk")
    parser.set_defaults(command=_quota)
    parser.add_argument("--workspace", help="as in discord:4711; may be left out if there is one")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    show = verbs.add_parser("show", help="every rule, or where a member stands")
    show.add_argument("member", nargs="?")
    show.add_argument("--role", action="append", default=[], help="a role that the member has")
    show.add_argument("--json", action="store_true", help="for machines")
    set_ = verbs.add_parser("set", help="set how many credits may be used per period")
    set_.add_argument("who", help=_WHO)
    set_.add_argument("credits", help="a whole number, or unlimited")
    set_.add_argument("period", nargs="?", help="day, week or month (default: month)")
    for name, text in (
        ("block", "let somebody use no credits at all"),
        ("clear", "take a rule away"),
    ):
        verbs.add_parser(name, help=text).add_argument("who", help=_WHO)
    grant = verbs.add_parser("grant", help="give a member credits once")
    grant.add_argument("member")
    grant.add_argument("credits")
    grant.add_argument("days", nargs="?", help="how many days they are good for")
    verbs.add_parser("pardon", help="end a member's pause").add_argument("member")
    verbs.add_parser("zone", help="set the workspace's time zone").add_argument("zone")
    verbs.add_parser("export", help="write every rule as CSV to standard output")
    import_ = verbs.add_parser("import", help="set rules from CSV, all or none")
    import_.add_argument("file", help="a file, or - for standard input")


async def _quota(arguments: argparse.Namespace) -> str:
    async with open_quotas(load_config()) as quotas:
        return await run_quota(arguments, quotas)


async def run_quota(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    """Do what was asked and return what is printed; raises ConfigError with what is wrong."""
    try:
        return await _VERBS[arguments.verb](arguments, quotas)
    except Refused as error:
        raise ConfigError(plain(refusal(error))) from error


async def _show(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    if arguments.member is None:
        rules = await quotas.rules(arguments.workspace)
        rows = [_row(workspace, rule) for workspace, rule in rules]
        return json.dumps(rows, indent=2) if arguments.json else table(COLUMNS, rows)
    member = Member(await _workspace(arguments, quotas), arguments.member.removeprefix("member:"))
    balance = await quotas.balance(member, SystemClock().now(), arguments.role)
    facts: dict[str, Any] = {
        "member": member.id,
        "rule": balance.scope,
        "allowance": balance.allowance.credits,
        "blocked": balance.allowance.blocked,
        "period": balance.allowance.period.value,
        "captured": balance.captured,
        "held": balance.held,
        "left": balance.left,
        "resets_at": balance.resets_at.isoformat(),
        "grants": [asdict(grant) for grant in balance.grants],
    }
    if arguments.json:
        return json.dumps(facts, indent=2, default=str)
    facts["allowance"] = _credits(balance.allowance)
    facts["left"] = "unlimited" if balance.left is None else balance.left
    facts["grants"] = ", ".join(str(grant.left) for grant in balance.grants) or "none"
    return "\n".join(f"{name:<10} {value}" for name, value in facts.items())


async def _set(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    allowance = Allowance(amount(arguments.credits), period(arguments.period))
    return await _write(arguments, quotas, allowance)


async def _block(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    return await _write(arguments, quotas, BLOCKED)


async def _write(arguments: argparse.Namespace, quotas: QuotaStorage, allowance: Allowance) -> str:
    workspace = await _workspace(arguments, quotas)
    rule = Rule(allowance, _scope(arguments.who))
    await quotas.set_rules([(workspace, rule)], BY, SystemClock().now())
    return table(COLUMNS, [_row(workspace, rule)])


async def _clear(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    workspace, scope = await _workspace(arguments, quotas), _scope(arguments.who)
    if not await quotas.clear_rule(workspace, scope):
        raise NoRule(scope)
    return f"The rule for {scope} is gone."


async def _grant(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    credits = amount(arguments.credits)
    if credits is None:
        raise BadAmount(arguments.credits)
    now, lasts = SystemClock().now(), days(arguments.days)
    member = Member(await _workspace(arguments, quotas), arguments.member.removeprefix("member:"))
    expires_at = now + timedelta(days=lasts) if lasts else None
    await quotas.grant(member, credits, expires_at, BY, now)
    return f"{member.id} has {credits} credits more."


async def _pardon(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    member = Member(await _workspace(arguments, quotas), arguments.member.removeprefix("member:"))
    await quotas.pardon(member)
    return f"{member.id} is no longer paused."


async def _zone(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    workspace, name = await _workspace(arguments, quotas), zone(arguments.zone)
    await quotas.set_zone(workspace, name)
    return f"Periods of {workspace} begin in {name} now."


async def _export(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for workspace, rule in await quotas.rules(arguments.workspace):
        writer.writerow(_row(workspace, rule))
    return out.getvalue().rstrip("\n")


async def _import(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    rules, wrong = [], []
    for number, line in enumerate(_read_csv(arguments.file), start=2):
        try:
            rules.append(_rule(line))
        except (Refused, KeyError, AttributeError) as error:
            why = plain(refusal(error)) if isinstance(error, Refused) else "a column is missing"
            wrong.append(f"line {number}: {why}")
    if wrong:
        raise ConfigError("Nothing was changed.\n" + "\n".join(wrong))
    await quotas.set_rules(rules, BY, SystemClock().now())
    return f"{len(rules)} rules set."


def _read_csv(file: str) -> Iterable[dict[str, str]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ConfigError(f"The first line must be: {','.join(COLUMNS)}")
    return list(reader)


def _rule(line: dict[str, str]) -> tuple[str, Rule]:
    credits = line["credits"].strip().lower()
    allowance = BLOCKED
    if credits != "blocked":
        allowance = Allowance(amount(credits), period(line["period"].strip() or None))
    return line["workspace"].strip(), Rule(allowance, _scope(line["scope"].strip()))


def _row(workspace: str, rule: Rule) -> dict[str, str]:
    allowance = rule.allowance
    values = (workspace, rule.scope, _credits(allowance), allowance.period.value)
    return dict(zip(COLUMNS, values, strict=True))


def _credits(allowance: Allowance) -> str:
    if allowance.blocked:
        return "blocked"
    return "unlimited" if allowance.credits is None else str(allowance.credits)


def _scope(who: str) -> str:
    kind, _, name = who.partition(":")
    if who in ("default", "workspace") or (kind in ("member", "role", "channel") and name):
        return who
    return f"member:{who}"


async def _workspace(arguments: argparse.Namespace, quotas: QuotaStorage) -> str:
    if arguments.workspace:
        return str(arguments.workspace)
    known = await quotas.workspaces()
    if len(known) == 1:
        return known[0]
    listed = ", ".join(known) or "none yet"
    raise ConfigError(f"Say which workspace: --workspace … (known: {listed}).")


_VERBS: dict[str, Callable[[argparse.Namespace, QuotaStorage], Awaitable[str]]] = {
    "show": _show,
    "set": _set,
    "block": _block,
    "clear": _clear,
    "grant": _grant,
    "pardon": _pardon,
    "zone": _zone,
    "export": _export,
    "import": _import,
}
