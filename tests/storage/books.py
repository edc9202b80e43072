"""Jobs and quotas of one database in one object, for tests that speak of both."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.credits import Allowance, Movement
from bot.jobs import Member
from bot.quotas import Change, Rule
from storage.database import Database
from storage.quota import SqlQuotas
from storage.rules import Defaults
from storage.storage import SqlStorage


class Rows(SqlStorage):
    """Jobs and quotas of one database, as these tests speak to them."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        super().__init__(database, defaults)
        self.quotas = SqlQuotas(database, defaults)
        self.balance = self.quotas.balance

    async def movements(self, member: Member, limit: int) -> Sequence[Movement]:
        """A member's latest entries, the newest first."""
        return (await self.quotas.statement(member, datetime.now(UTC), (), limit)).movements

    async def holds(self, member: Member) -> Sequence[tuple[str, int]]:
        """What a member's jobs hold."""
        return (await self.quotas.statement(member, datetime.now(UTC), (), 0)).holds

    async def set_allowance(
        self, workspace: str, scope: str, allowance: Allowance, by: Member, now: datetime
    ) -> None:
        await self.quotas.set_rules([(workspace, Rule(allowance, scope))], Change(by.id, now))

    async def allowance(self, workspace: str, scope: str) -> Allowance | None:
        rules = {rule.scope: rule.allowance for _, rule in await self.quotas.rules(workspace)}
        return rules.get(scope)
