"""What was changed, and what was used, in words."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.credits import Period
from bot.messages.quotas import allowance, whose
from bot.messages.words import credits
from bot.quotas import Changed, Settings, Usage
from bot.text import Bold, Code, Text, When, Who, join

MOST_LISTED = 5
# Ids of members have no blanks; what else changes quotas says so in words.
_WORDS = " "


def report_title(period: Period, today: date) -> str:
    if period is Period.DAY:
        return f"Credits used today, {today}"
    return f"Credits used this {period}, until {today}"


def report(title: str, usages: Sequence[Usage], names: Mapping[str, str]) -> Text:
    """The totals; the details are in the files beside them."""
    if not usages:
        return (f"{title}: none.",)
    paid, booked = sum(u.paid for u in usages), sum(u.workspace_paid for u in usages)
    jobs = sum(u.jobs for u in usages)
    lines: list[Text] = [
        (Bold(title), f": {credits(paid + booked)} for {jobs} {'job' if jobs == 1 else 'jobs'}.")
    ]
    if booked:
        lines.append(
            (f"{booked} of them were paid by the workspace: what members do not pay for.",)
        )
    lines.append(("Most by: ", *join(_most(usages, [u.member for u in usages], names), ", "), "."))
    lines.append(("Models: ", *join(_most(usages, [u.model for u in usages], {}), ", "), "."))
    return join(lines, "\n")


def history(changes: Sequence[Changed]) -> Text:
    """Who changed what, when, from what to what, and why."""
    if not changes:
        return ("Nothing has been changed yet.",)
    return join([(Bold("Latest changes"),), *(_changed(change) for change in changes)], "\n")


def settings(found: Settings) -> Text:
    above = found.asks_above
    asked = "never" if above is None else f"above {credits(above)}"
    where = Code(found.alert_channel) if found.alert_channel else "where this platform alerts"
    lines: list[Text] = [
        (Bold("Settings of this workspace"),),
        (Code("zone"), f" {found.zone}"),
        (Code("credits"), " and ", Code("period"), f": {allowance(found.default)} for a member without a rule of their own"),
        (Code("alerts"), " ", where),
        (Code("confirm"), f" {asked}"),
        ("Change one with ", Code("/quota settings <setting> <value>"), "."),
    ]  # fmt: skip
    return join(lines, "\n")


def _most(usages: Sequence[Usage], keys: Sequence[str], names: Mapping[str, str]) -> list[Text]:
    totals: dict[str, int] = {}
    for key, usage in zip(keys, usages, strict=True):
        totals[key] = totals.get(key, 0) + usage.paid + usage.workspace_paid
    most = sorted(totals.items(), key=lambda item: -item[1])[:MOST_LISTED]
    return [(names.get(key, key), f" {total}") for key, total in most]


def _changed(changed: Changed) -> Text:
    change = changed.change
    by = change.by if _WORDS in change.by else Who(change.by)
    before, after = changed.before or "nothing", changed.after or "nothing"
    why: Text = (f" (“{change.why}”)",) if change.why else ()
    return (
        When(change.at), "  ", by, f" {changed.action} ", whose(changed.subject),
        f": {before} → {after}", *why,
    )  # fmt: skip
