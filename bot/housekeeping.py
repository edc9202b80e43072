"""What is done now and then: drafts that ran out, notices still to be told, old files, the daily look."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot.desk.approvals import Approvals
from bot.errands import Errands
from bot.errors import DailiesError, ProviderError
from bot.messages.plain import plain
from bot.messages.quotas import reconciled
from bot.notifications import Notifications
from bot.ports import ChatPlatform, Clock, QuotaStorage
from bot.reconciliation import Reconciliation
from bot.replica import Replica
from bot.retention import Retention

log = structlog.get_logger()

EVERY_SECONDS = 30.0
# In UTC, like Runway's days; a while after midnight, so that the day is complete.
RECONCILE_AFTER = timedelta(hours=1)


class Housekeeping:
    """One loop; a chore that fails is logged and comes up again."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        notifications: Notifications,
        reconciliation: Reconciliation,
        retention: Retention,
        chats: Mapping[str, ChatPlatform],
        quotas: QuotaStorage,
        replica: Replica,
        clock: Clock,
    ) -> None:
        self._approvals = approvals
        self._notifications = notifications
        self._reconciliation = reconciliation
        self._retention = retention
        self._chats = chats
        self._quotas = quotas
        self._replica = replica
        self._clock = clock
        self._errands = Errands()

    async def start(self) -> None:
        self._errands.begin(self._run(), "housekeeping")

    async def stop(self) -> None:
        await self._errands.stop()

    async def do_chores(self) -> None:
        """Everything that is due now."""
        now = self._clock.now()
        await self._approvals.expire(now)
        try:
            await self._look_at_the_books(_day(now))
        except ProviderError as error:
            log.warning("books not compared", error=str(error))
        await self._notifications.tell()
        await self._retention.tidy_when_due()

    async def _run(self) -> None:
        while True:
            try:
                if self._replica.leads:
                    await self.do_chores()
            except DailiesError as error:
                log.warning("a chore failed", error=str(error))
            except Exception:
                log.exception("a chore failed")
            await self._clock.sleep(EVERY_SECONDS)

    async def _look_at_the_books(self, today: str) -> None:
        """Once a day, over all replicas and restarts; at the very first start there are no books."""
        last = await self._quotas.books_looked_at()
        if last is None:
            await self._quotas.note_books(today, {})
        if last is None or last >= today:
            return
        report = await self._reconciliation.report()
        log.info("reconciled", ours=report.ours, runway=report.runway, drifts=len(report.drifts))
        known = await self._quotas.workspaces()
        # Others are of a platform that was configured once.
        here = [workspace for workspace in known if workspace.partition(":")[0] in self._chats]
        seen = {workspace: report.seen_by(workspace) for workspace in here}
        told = {
            workspace: json.dumps({"text": plain(reconciled(own))})
            for workspace, own in seen.items()
            if own.drifts or own.uncertain
        }
        await self._quotas.note_books(today, told)


def _day(now: datetime) -> str:
    return f"{now - RECONCILE_AFTER:%Y-%m-%d}"
