"""Rules as rows of a table, and in bulk as CSV."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.commandline.quota_whom import scope_of, somebody, workspace_named
from bot.commands.amounts import amount, period
from bot.credits import BLOCKED, Allowance
from bot.errors import ConfigError, NotBlockable, Refused
from bot.messages.plain import plain
from bot.messages.refusals import refusal
from bot.quotas import Rule

COLUMNS = ("workspace", "scope", "credits", "period")


def rule_for(workspace: str, who: str, allowance: Allowance) -> Rule:
    """A rule as an operator types it; raises ConfigError or NotBlockable."""
    rule = Rule(allowance, somebody(workspace, scope_of(who)))
    if allowance.blocked and rule.is_cap:
        raise NotBlockable(who)
    return rule


def row_of(workspace: str, rule: Rule) -> dict[str, str]:
    """A rule by COLUMNS."""
    allowance = rule.allowance
    values = (workspace, rule.scope, credits_of(allowance), allowance.period.value)
    return dict(zip(COLUMNS, values, strict=True))


def credits_of(allowance: Allowance) -> str:
    """A whole number, `unlimited` or `blocked`."""
    if allowance.blocked:
        return "blocked"
    return "unlimited" if allowance.credits is None else str(allowance.credits)


def csv_of_rules(rows: Iterable[dict[str, str]]) -> str:
    """A line for each rule, below the names of the columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def rules_in(file: str) -> Sequence[tuple[str, Rule]]:
    """The rules of a CSV with their workspaces; raises ConfigError with each line that is wrong."""
    rules: dict[tuple[str, str], Rule] = {}
    wrong: list[str] = []
    for number, line in enumerate(_read_csv(file), start=2):
        try:
            workspace, rule = _rule(line)
            if (workspace, rule.scope) in rules:
                raise ConfigError(f"{rule.scope} of {workspace} is on an earlier line, too.")
            rules[workspace, rule.scope] = rule
        except ConfigError as error:
            wrong.append(f"line {number}: {error}")
        except (Refused, KeyError, AttributeError) as error:
            why = plain(refusal(error)) if isinstance(error, Refused) else "a column is missing"
            wrong.append(f"line {number}: {why}")
    if wrong:
        raise ConfigError("Nothing was changed.\n" + "\n".join(wrong))
    return [(workspace, rule) for (workspace, _), rule in rules.items()]


def _read_csv(file: str) -> Iterable[dict[str, str]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} cannot be read: save it as UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ConfigError(f"The first line must be: {','.join(COLUMNS)}")
    return list(reader)


def _rule(line: dict[str, str]) -> tuple[str, Rule]:
    credits = line["credits"].strip().lower()
    allowance = BLOCKED
    if credits != "blocked":
        allowance = Allowance(amount(credits), period(line["period"].strip() or None))
    workspace = workspace_named(line["workspace"].strip())
    return workspace, rule_for(workspace, line["scope"].strip(), allowance)
