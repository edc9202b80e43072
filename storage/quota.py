"""The core's QuotaStorage and DraftStorage ports on SQL: each method is one transaction."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.credits import Balance, Movement, period_end, period_start
from bot.drafts import OPEN, Draft, DraftState
from bot.jobs import Job, Member
from bot.ports import Once
from bot.quotas import Rule
from storage import audit, drafts, jobs, ledger, notices, rules
from storage.budgets import begin_cap
from storage.database import Database
from storage.rules import Defaults


class SqlQuotas:
    """Implements bot.ports.QuotaStorage and bot.ports.DraftStorage."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        self._db = database
        self._defaults = defaults

    async def balance(self, member: Member, now: datetime, roles: Sequence[str] = ()) -> Balance:
        return await self._db.read(
            lambda c: ledger.balance_of(c, member, now, self._defaults, roles)
        )

    async def budget(self, workspace: str, scope: str, now: datetime) -> Balance | None:
        return await self._db.read(lambda c: _budget(c, workspace, scope, now, self._defaults))

    async def usage(self, workspace: str, start: datetime, limit: int) -> list[tuple[str, int]]:
        return await self._db.read(lambda c: audit.captured_by_member(c, workspace, start, limit))

    async def movements(self, member: Member, limit: int) -> list[Movement]:
        return await self._db.read(lambda c: ledger.movements_of(c, member, limit))

    async def holds(self, member: Member) -> list[tuple[str, int]]:
        return await self._db.read(lambda c: ledger.open_holds_of(c, member))

    async def rules(self, workspace: str | None) -> list[tuple[str, Rule]]:
        return await self._db.read(lambda c: rules.rules_of(c, workspace))

    async def set_rules(self, new: Sequence[tuple[str, Rule]], by: str, now: datetime) -> None:
        def transaction(c: Connection) -> None:
            for workspace, rule in new:
                rules.set_rule(c, workspace, rule.scope, rule.allowance, by, now)
                if rule.scope == "workspace" or rule.scope.startswith("channel:"):
                    begin_cap(c, workspace, rule.scope, rule.allowance, now, self._defaults)

        await self._db.write(transaction)

    async def clear_rule(self, workspace: str, scope: str) -> bool:
        return await self._db.write(lambda c: rules.clear_rule(c, workspace, scope))

    async def grant(
        self,
        member: Member,
        credits: int,
        expires_at: datetime | None,
        by: str,
        now: datetime,
        once: Sequence[Once] = (),
    ) -> None:
        grant_id = secrets.token_hex(8)

        def transaction(c: Connection) -> None:
            if all(jobs.first_time(c, key, "", now) for key in once):
                rules.give_grant(c, member, grant_id, credits, expires_at, by, now)

        await self._db.write(transaction)

    async def workspaces(self) -> list[str]:
        return await self._db.read(audit.workspaces)

    async def zone(self, workspace: str) -> ZoneInfo:
        return await self._db.read(lambda c: rules.zone_of(c, workspace, self._defaults))

    async def set_zone(self, workspace: str, zone: str) -> None:
        await self._db.write(lambda c: rules.set_zone(c, workspace, zone))

    async def pardon(self, member: Member) -> None:
        await self._db.write(lambda c: notices.pardon(c, member))

    async def charges(self, start: datetime) -> Mapping[tuple[date, str], int]:
        return await self._db.read(partial(audit.charges_by_day, start=start))

    async def uncertain(self, start: datetime) -> list[Job]:
        return await self._db.read(partial(audit.uncertain_since, start=start))

    async def save_draft(self, draft: Draft, once: Sequence[Once], now: datetime) -> Draft:
        def transaction(c: Connection) -> Draft:
            for key in once:
                if not jobs.first_time(c, key, draft.id, now):
                    return drafts.find(c, jobs.made_by(c, key)) or draft
            drafts.save(c, draft)
            return draft

        return await self._db.write(transaction)

    async def draft(self, draft_id: str) -> Draft | None:
        return await self._db.read(lambda c: drafts.find(c, draft_id))

    async def note_alert(self, draft_id: str, alert: str) -> None:
        await self._db.write(lambda c: drafts.note_alert(c, draft_id, alert))

    async def open_drafts(self) -> list[Draft]:
        return await self._db.read(drafts.undecided)

    async def overdue_drafts(self, now: datetime) -> list[Draft]:
        return await self._db.read(lambda c: drafts.overdue(c, now))

    async def decide(
        self,
        draft_id: str,
        states: Sequence[DraftState],
        to: DraftState,
        by: str | None,
        expires_at: datetime | None = None,
    ) -> bool:
        return await self._db.write(
            lambda c: drafts.decide(c, draft_id, states, to, by, expires_at)
        )

    async def run_draft(
        self, draft: Draft, job: Job, now: datetime, roles: Sequence[str]
    ) -> Job | None:
        def transaction(c: Connection) -> Job | None:
            if not drafts.decide(c, draft.id, OPEN, DraftState.RUN, job.owner.id):
                return None
            return jobs.accept(c, job, (), now, self._defaults, roles)

        return await self._db.write(transaction)

    async def approve_draft(
        self, draft: Draft, job: Job, by: str, raise_by: int, now: datetime, roles: Sequence[str]
    ) -> Job | None:
        def transaction(c: Connection) -> Job | None:
            if not drafts.decide(c, draft.id, [DraftState.ASKED], DraftState.APPROVED, by):
                return None
            lacking = ledger.shortfall(c, job, now, self._defaults, roles)
            amount = max(raise_by, lacking)
            if amount:
                grant_id = secrets.token_hex(8)
                rules.give_grant(c, job.owner, grant_id, amount, None, by, now)
            return jobs.accept(c, job, (), now, self._defaults, roles, approved=True)

        return await self._db.write(transaction)


def _budget(
    c: Connection, workspace: str, scope: str, now: datetime, defaults: Defaults
) -> Balance | None:
    rule = rules.rule_of(c, workspace, scope)
    if rule is None:
        return None
    zone, period = rules.zone_of(c, workspace, defaults), rule.allowance.period
    bucket = ledger.cap_bucket(workspace, scope, period, now, zone)
    held, captured = ledger.used_in(c, bucket)
    return Balance(
        rule.allowance,
        held=held,
        captured=captured,
        started_at=period_start(now, period, zone),
        resets_at=period_end(now, period, zone),
        scope=scope,
    )
