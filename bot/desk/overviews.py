"""What is set in a workspace, and what is left of it: `/quota show`, in a chat or on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.credits import Balance, Period, period_start
from bot.messages import quotas as messages
from bot.ports import QuotaStorage
from bot.quotas import Rule
from bot.text import Text


@dataclass(frozen=True)
class Overview:
    """A workspace's rules, its budget, and what members used this month, the most first."""

    rules: Sequence[Rule]
    budget: Balance | None
    zone: str
    used: Sequence[tuple[str, int]]
    seen_at: datetime

    @property
    def text(self) -> Text:
        return messages.overview(self.rules, self.budget, self.zone, self.seen_at, self.used)


async def overview_of(quotas: QuotaStorage, workspace: str, now: datetime) -> Overview:
    """What there is to know of a workspace."""
    budget = await quotas.budget(workspace, "workspace", now)
    rules = [rule for _, rule in await quotas.rules(workspace)]
    zone = await quotas.zone(workspace)
    start = period_start(now, Period.MONTH, zone)
    used = await quotas.usage(workspace, start, messages.MOST_MEMBERS)
    return Overview(rules, budget, str(zone), used, now)


async def rule_of(quotas: QuotaStorage, workspace: str, scope: str) -> Rule | None:
    """The rule of one scope; None where nothing is set."""
    return next((rule for _, rule in await quotas.rules(workspace) if rule.scope == scope), None)
