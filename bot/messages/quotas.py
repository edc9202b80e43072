"""Quotas in words: what was set, where somebody stands, what was noticed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.credits import Allowance, Balance
from bot.jobs import Member
from bot.messages.words import credits, left
from bot.quotas import Rule, forecast
from bot.reconciliation import Drift, Report
from bot.text import Bold, Code, Span, Text, When, Who, join
from bot.views import Notice

MOST_DRIFTS = 10
MOST_JOBS = 10
MOST_MEMBERS = 10


def allowance(value: Allowance) -> str:
    if value.blocked:
        return "no credits at all (blocked)"
    if value.credits is None:
        return "unlimited credits"
    return f"{credits(value.credits)} a {value.period}"


def set_to(whose: Span, value: Allowance) -> Text:
    if value.blocked:
        return (whose, " is blocked now. ", Code("/quota clear"), " lifts it.")
    return (whose, f" may now use {allowance(value)}.")


def whose(scope: str) -> Span:
    """Whom a rule is for: a member as a mention, anything else as it is written down."""
    kind, _, name = scope.partition(":")
    return Who(name) if kind == "member" else Code(scope)


def cleared(scope: str) -> Text:
    return ("The rule for ", whose(scope), " is gone; the next one that fits applies.")


def granted(whose: Span, amount: int, expires_at: datetime | None) -> Text:
    until: Text = (", good until ", When(expires_at)) if expires_at else ()
    return (whose, f" has {credits(amount)} more", *until, ".")


def revoked(whose: Span, amount: int) -> Text:
    return (whose, f" has {credits(amount)} of the granted ones less.")


def reset(whose: Span, used: int, balance: Balance) -> Text:
    return (whose, f" starts anew: {credits(used)} used before do not count, {left(balance.left)}.")


def pardoned(whose: Span) -> Text:
    return (whose, " is no longer paused; earlier refusals do not count any more.")


def zone_set(zone: str) -> Text:
    return ("Days, weeks and months begin in ", Bold(zone), " now.")


def rule(whose: Span, found: Rule | None) -> Text:
    if found is None:
        return (whose, " has no rule of its own.")
    return (whose, f" may use {allowance(found.allowance)}.")


def used_of(balance: Balance) -> Text:
    """What was used of an allowance, and until when; on lines of its own."""
    used = f"\nUsed {balance.captured}, held {balance.held}, {left(balance.left)}."
    return (used, "\nResets ", When(balance.resets_at), ".")


def standing(member: Member, balance: Balance, role: str | None = None) -> Text:
    """Where a member stands, and which rule decided it; `role` is what its role is called."""
    grants = [_grant(g.left, g.expires_at) for g in balance.grants if g.left]
    lines: list[Text] = [
        (
            Who(member.id),
            f" may use {allowance(balance.allowance)} ({_source(balance.scope, role)}).",
            *used_of(balance),
        ),
    ]
    if grants:
        lines.append(("Grants: ", *join(grants, ", "), "."))
    return join(lines, "\n")


def overview(
    rules: Sequence[Rule],
    budget: Balance | None,
    zone: str,
    now: datetime,
    used: Sequence[tuple[str, int]] = (),
) -> Text:
    """What is set; `used` is what members have used this month."""
    lines: list[Text] = [(Bold("Quotas of this workspace"), f" · time zone {zone}")]
    if budget is not None:
        lines.append(_budget(budget, now))
    lines += [
        (whose(r.scope), f" {allowance(r.allowance)}") for r in rules if r.scope != "workspace"
    ]
    if not rules:
        lines.append(("Nothing is set; the configured default applies to everybody.",))
    if used:
        members = join([(Who(member), f" {amount}") for member, amount in used], ", ")
        lines.append(("Used this month: ", *members))
    return join(lines, "\n")


def forecast_line(balance: Balance, now: datetime) -> Text:
    """How long it lasts at this pace; empty when nobody can say."""
    limit, given = balance.allowance.credits, sum(grant.left for grant in balance.grants)
    if balance.allowance.blocked:
        return ()
    if limit is None or (given and balance.captured + balance.held >= limit):
        return ()  # at what pace grants are used is not known
    ends = forecast(balance.captured, limit + given, balance.started_at, balance.resets_at, now)
    return ("At this pace it lasts until ", When(ends), ".") if ends else ()


def notice(kind: str, facts: dict[str, Any], *, to_admins: bool) -> Notice:
    """A thing that is told once: a mark, a pause, a job that takes too long, books that differ."""
    if kind == "mark":
        return Notice(_mark(facts, to_admins))
    if kind == "late":
        return Notice(_late(facts))
    if kind == "books":
        return Notice((str(facts["text"]),))
    until = When(datetime.fromisoformat(facts["until"]))
    many = f"{facts['strikes']} prompts or files in a row were refused by Runway's moderation"
    if to_admins:
        pardon = Code("/quota pardon")
        return Notice((Who(facts["who"]), " is paused until ", until, f": {many}. ", pardon, " ends it."))  # fmt: skip
    return Notice(("You are paused until ", until, f": {many}. Ask an admin if that is wrong."))


def _late(facts: dict[str, Any]) -> Text:
    job = Code(facts["job"])
    return (
        "Job ", job, " of ", Who(facts["who"]), f" ({facts['model']}) has been at work for "
        f"{facts['minutes']} minutes, much longer than usual. Nothing needs to be done: it is "
        "given up by itself in the end, or ", Code(f"/cancel {facts['job']}"), " ends it now.",
    )  # fmt: skip


def reconciled(report: Report) -> Text:
    """Our books beside Runway's."""
    same = (
        "The books agree."
        if not report.drifts
        else f"The books differ by {report.runway - report.ours:+d}."
    )
    lines: list[Text] = [
        (Bold(f"The last {report.days} days"), f": Runway charged {report.runway}, we know of {report.ours}. {same}"),
    ]  # fmt: skip
    lines += [_drift(drift) for drift in report.drifts[:MOST_DRIFTS]]
    if report.uncertain:
        ids = join(
            [(Code(job.id), f" {job.request.price}") for job in report.uncertain[:MOST_JOBS]], ", "
        )
        lines.append((f"Uncertain: {len(report.uncertain)} (", *ids, ")"))
    lines.append((f"Runway account: {credits(report.organization.balance)} left.",))
    lines += _limits(report)
    return join(lines, "\n")


def _limits(report: Report) -> list[Text]:
    used = {name: limit for name, limit in report.organization.models.items() if limit.made_today}
    return [
        (Code(name), f" {limit.made_today} of {limit.daily or 'unlimited'} today")
        for name, limit in sorted(used.items())
    ]


def _drift(drift: Drift) -> Text:
    return (f"{drift.day} ", Code(drift.model), f": Runway {drift.runway}, ours {drift.ours}")


def _mark(facts: dict[str, Any], to_admins: bool) -> Text:
    whose = "The workspace has" if to_admins else "You have"
    of = f"{facts['used']} of {facts['limit']} credits"
    budget = " of its budget" if to_admins else " of your allowance"
    if facts["percent"] >= 100:
        return (f"{whose} used up all{budget}: {of}.",)
    return (f"{whose} used {facts['percent']} %{budget}: {of}.",)


def _budget(budget: Balance, now: datetime) -> Text:
    used = f"Budget: {allowance(budget.allowance)}; used {budget.captured}, held {budget.held}, {left(budget.left)}. "
    ahead = forecast_line(budget, now)
    return (used, "Resets ", When(budget.resets_at), ". ", *ahead)


def _grant(amount: int, expires_at: datetime | None) -> Text:
    return (str(amount), *((" until ", When(expires_at)) if expires_at else ()))


def _source(scope: str, role: str | None) -> str:
    kind = scope.partition(":")[0]
    sources = {
        "member": "set for this member",
        "role": f"from the role {role}",
        "default": "the workspace's default",
    }
    return sources.get(kind, "the configured default")
