"""`/quota report`: what was used, by member, model and day, as a picture and as CSV."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.credits import Period, period_start
from bot.jobs import Member
from bot.messages import reports as messages
from bot.ports import ChatPlatform, Clock, QuotaStorage
from bot.quotas import Usage
from bot.views import Document, Notice

# More payments than this are not read for one report; the latest count.
MOST_PAYMENTS = 50_000
# Members whose names are looked up; the others are shown by their ids.
MOST_NAMES = 20
COLUMNS = ("day", "member", "name", "model", "jobs", "credits", "workspace_credits")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# Draws a report as a PNG: its title, the days, and for each member's name the credits of each day.
Draw = Callable[[str, Sequence[date], Mapping[str, Sequence[int]]], Awaitable[bytes]]


class Reporting:
    """Reads the books; changes nothing."""

    def __init__(
        self,
        quotas: QuotaStorage,
        chats: Mapping[str, ChatPlatform],
        draw: Draw,
        clock: Clock,
    ) -> None:
        self._quotas = quotas
        self._chats = chats
        self._draw = draw
        self._clock = clock

    async def report(self, asker: Member, period: Period) -> Notice:
        """The running period of the asker's workspace."""
        now = self._clock.now()
        usages, zone = await used_in(self._quotas, asker.workspace, period, now)
        names = await self._names(asker, usages)
        title = messages.report_title(period, now.astimezone(zone).date())
        days = _days(period_start(now, period, zone), now, zone)
        text = messages.report(title, usages, names)
        if not usages:
            return Notice(text)
        picture = await self._draw(title, days, _by_member(usages, names, days))
        stem = f"usage-{days[0]}-{days[-1]}"
        files = (
            Document(f"{stem}.png", "image/png", picture),
            Document(f"{stem}.csv", "text/csv", csv_of(usages, names).encode()),
        )
        return Notice(text, files=files)

    async def _names(self, asker: Member, usages: Sequence[Usage]) -> dict[str, str]:
        chat = self._chats[asker.platform]
        return {
            member: await chat.name_of(Member(asker.workspace, member))
            for member in list(_totals(usages))[:MOST_NAMES]
        }


async def used_in(
    quotas: QuotaStorage, workspace: str, period: Period, now: datetime
) -> tuple[list[Usage], ZoneInfo]:
    """What a workspace used in its running period, and its time zone."""
    zone = await quotas.zone(workspace)
    start = period_start(now, period, zone)
    return await quotas.report(workspace, start, MOST_PAYMENTS), zone


def rows_of(usages: Sequence[Usage], names: Mapping[str, str]) -> list[dict[str, str | int]]:
    """A row for each day, member and model, by COLUMNS."""
    return [
        {
            "day": u.day.isoformat(),
            "member": u.member,
            "name": names.get(u.member, ""),
            "model": u.model,
            "jobs": u.jobs,
            "credits": u.paid,
            "workspace_credits": u.workspace_paid,
        }
        for u in usages
    ]


def csv_of(usages: Sequence[Usage], names: Mapping[str, str]) -> str:
    """Such rows, below the names of the columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows_of(usages, names):
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return out.getvalue()


def _harmless(value: str | int) -> str | int:
    """What no spreadsheet takes for a formula: people choose their own names."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _totals(usages: Sequence[Usage]) -> dict[str, int]:
    """What each member used, the most first."""
    by_member = sorted(usages, key=lambda u: u.member)
    totals = {
        member: sum(u.paid + u.workspace_paid for u in of_member)
        for member, of_member in groupby(by_member, key=lambda u: u.member)
    }
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def _by_member(
    usages: Sequence[Usage], names: Mapping[str, str], days: Sequence[date]
) -> dict[str, list[int]]:
    used: dict[tuple[str, date], int] = {}
    for u in usages:
        used[u.member, u.day] = used.get((u.member, u.day), 0) + u.paid + u.workspace_paid
    named: dict[str, list[int]] = {}
    for member in _totals(usages):
        name = names.get(member, member)
        label = name if name not in named else f"{name} ({member})"
        named[label] = [used.get((member, day), 0) for day in days]
    return named


def _days(start: datetime, now: datetime, zone: ZoneInfo) -> list[date]:
    first, last = start.astimezone(zone).date(), now.astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
