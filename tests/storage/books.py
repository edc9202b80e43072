"""Jobs and quotas of one database in one object, for tests that speak of both."""

from datetime import datetime

from bot.credits import Allowance
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
        self.movements = self.quotas.movements
        self.holds = self.quotas.holds

    async def set_allowance(
        self, workspace: str, scope: str, allowance: Allowance, by: Member, now: datetime
    ) -> None:
        await self.quotas.set_rules([(workspace, Rule(allowance, scope))], Change(by.id, now))

    async def allowance(self, workspace: str, scope: str) -> Allowance | None:
        rules = {rule.scope: rule.allowance for _, rule in await self.quotas.rules(workspace)}
        return rules.get(scope)
