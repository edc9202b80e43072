"""The core's QuotaStorage and DraftStorage ports on SQL: each method is one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.credits import Balance, Statement, period_end, period_start
from bot.drafts import ASKABLE, OPEN, Draft, DraftState
from bot.jobs import Job, Member
from bot.ports import Once
from bot.quotas import Change, Changed, Rule, Settings, Usage
from storage import audit, changes, drafts, jobs, ledger, notices, rules, settings, standings
from storage.acceptance import accept
from storage.budgets import begin_cap, begin_caps
from storage.database import Database
from storage.entries import cap_bucket, used_in
from storage.proposals import Proposal
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

    async def statement(
        self, member: Member, now: datetime, roles: Sequence[str], limit: int
    ) -> Statement:
        return await self._db.read(
            lambda c: Statement(
                ledger.balance_of(c, member, now, self._defaults, roles),
                ledger.open_holds_of(c, member),
                ledger.movements_of(c, member, limit),
            )
        )

    async def budget(self, workspace: str, scope: str, now: datetime) -> Balance | None:
        return await self._db.read(lambda c: _budget(c, workspace, scope, now, self._defaults))

    async def usage(self, workspace: str, start: datetime, limit: int) -> list[tuple[str, int]]:
        return await self._db.read(lambda c: audit.captured_by_member(c, workspace, start, limit))

    async def rules(self, workspace: str | None) -> list[tuple[str, Rule]]:
        return await self._db.read(lambda c: rules.rules_of(c, workspace))

    async def set_rules(
        self, new: Sequence[tuple[str, Rule]], change: Change, action: str = "set"
    ) -> None:
        def transaction(c: Connection) -> None:
            rules.stand_still(c, [workspace for workspace, rule in new if rule.is_cap])
            for workspace, rule in new:
                rules.set_rule(c, workspace, rule, change, action)
                if rule.is_cap:
                    cap = rule.allowance
                    begin_cap(c, workspace, rule.scope, cap, change.at, self._defaults)

        await self._db.write(transaction)

    async def clear_rule(self, workspace: str, scope: str, change: Change) -> bool:
        return await self._db.write(lambda c: rules.clear_rule(c, workspace, scope, change))

    async def grant(
        self,
        member: Member,
        credits: int,
        expires_at: datetime | None,
        change: Change,
        once: Sequence[Once] = (),
    ) -> None:
        def transaction(c: Connection) -> None:
            if all(jobs.first_time(c, key, "", change.at) for key in once):
                rules.give_grant(c, member, credits, expires_at, change)

        await self._db.write(transaction)

    async def revoke(self, member: Member, credits: int | None, change: Change) -> int:
        return await self._db.write(lambda c: rules.take_grants(c, member, credits, change))

    async def reset(self, member: Member, change: Change, roles: Sequence[str] = ()) -> int:
        return await self._db.write(
            lambda c: ledger.begin_anew(c, member, change, self._defaults, roles)
        )

    async def pardon(self, member: Member, change: Change) -> None:
        await self._db.write(lambda c: notices.pardon(c, member, change, self._defaults.moderation))

    async def changed(self, workspace: str, subject: str | None, limit: int) -> list[Changed]:
        return await self._db.read(lambda c: changes.history(c, workspace, subject, limit))

    async def settings(self, workspace: str) -> Settings:
        return await self._db.read(lambda c: settings.settings_of(c, workspace, self._defaults))

    async def change_settings(
        self, workspace: str, new: Mapping[str, str | int | None], change: Change
    ) -> None:
        def transaction(c: Connection) -> None:
            if "time_zone" in new:
                rules.stand_still(c, [workspace])
            settings.change_settings(c, workspace, new, change)
            if "time_zone" in new:
                standings.count_anew(c, workspace)
                begin_caps(c, workspace, change.at, self._defaults)

        await self._db.write(transaction)

    async def balance_after(
        self, job: Job, captured: int, now: datetime, roles: Sequence[str] = ()
    ) -> Balance:
        return await self._db.read(
            lambda c: ledger.balance_after(c, job, captured, now, self._defaults, roles)
        )

    async def report(self, workspace: str, start: datetime, limit: int) -> list[Usage]:
        return await self._db.read(
            lambda c: audit.usage_by_day(
                c, workspace, start, rules.zone_of(c, workspace, self._defaults), limit
            )
        )

    async def workspaces(self) -> list[str]:
        return await self._db.read(audit.workspaces)

    async def zone(self, workspace: str) -> ZoneInfo:
        return await self._db.read(lambda c: rules.zone_of(c, workspace, self._defaults))

    async def charges(self, start: datetime) -> Mapping[tuple[date, str], int]:
        return await self._db.read(partial(audit.charges_by_day, start=start))

    async def uncertain(self, start: datetime) -> list[Job]:
        return await self._db.read(partial(audit.uncertain_since, start=start))

    async def books_looked_at(self) -> str | None:
        return await self._db.read(notices.books_looked_at)

    async def note_books(self, day: str, told: Mapping[str, str]) -> None:
        await self._db.write(lambda c: notices.note_books(c, day, told))

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

    async def ask_draft(self, draft: Draft, most: int, expires_at: datetime) -> bool:
        return await self._db.write(lambda c: drafts.ask(c, draft, most, expires_at))

    async def deny_draft(self, draft: Draft, change: Change) -> bool:
        def transaction(c: Connection) -> bool:
            if not drafts.decide(c, draft.id, ASKABLE, DraftState.DENIED, change.by):
                return False
            owner, price = draft.owner, draft.request.price
            asked, scope = f"asked for {price}", f"member:{owner.id}"
            changes.record(c, owner.workspace, change, "deny", scope, before=asked)
            return True

        return await self._db.write(transaction)

    async def run_draft(
        self, draft: Draft, job: Job, now: datetime, roles: Sequence[str]
    ) -> Job | None:
        def transaction(c: Connection) -> Job | None:
            if not drafts.decide(c, draft.id, OPEN, DraftState.RUN, job.owner.id):
                return None
            return accept(c, Proposal(job, (), now, roles), self._defaults)

        return await self._db.write(transaction)

    async def approve_draft(
        self, draft: Draft, job: Job, change: Change, raise_by: int, roles: Sequence[str]
    ) -> tuple[Job, int] | None:
        def transaction(c: Connection) -> tuple[Job, int] | None:
            if not drafts.decide(c, draft.id, ASKABLE, DraftState.APPROVED, change.by):
                return None
            lacking = ledger.shortfall(c, job, change.at, self._defaults, roles)
            amount = max(raise_by, lacking)
            if amount:
                rules.give_grant(c, job.owner, amount, None, change, "approve")
            else:
                workspace, scope = job.owner.workspace, f"member:{job.owner.id}"
                held = f"job {job.id} for {job.request.price}"
                changes.record(c, workspace, change, "approve", scope, after=held)
            proposal = Proposal(job, (), change.at, roles, approved=True)
            return accept(c, proposal, self._defaults), amount

        return await self._db.write(transaction)


def _budget(
    c: Connection, workspace: str, scope: str, now: datetime, defaults: Defaults
) -> Balance | None:
    rule = rules.rule_of(c, workspace, scope)
    if rule is None:
        return None
    zone, period = rules.zone_of(c, workspace, defaults), rule.allowance.period
    bucket = cap_bucket(workspace, scope, period, now, zone)
    held, captured = used_in(c, bucket)
    return Balance(
        rule.allowance,
        held=held,
        captured=captured,
        started_at=period_start(now, period, zone),
        resets_at=period_end(now, period, zone),
        scope=scope,
    )
