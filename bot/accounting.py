"""Tells people, once, what the books have noticed: marks that were reached, and pauses."""

from collections.abc import Mapping

import structlog

from bot.alerts import Alerts
from bot.errors import ChatError
from bot.jobs import Member
from bot.messages.quotas import notice
from bot.ports import ChatPlatform, Storage, Untold
from bot.replica import Replica

log = structlog.get_logger()


class Accounting:
    """Works through what is still to be told."""

    def __init__(
        self,
        storage: Storage,
        alerts: Alerts,
        chats: Mapping[str, ChatPlatform],
        replica: Replica,
    ) -> None:
        self._storage = storage
        self._alerts = alerts
        self._chats = chats
        self._replica = replica

    async def tell(self) -> None:
        """Tell everything that is waiting; what a chat does not take now is tried again later.

        Only the replica that leads does: two would tell the same thing twice.
        """
        if not self._replica.leads:
            return
        for untold in await self._storage.untold():
            if not self._replica.leads:
                return  # whoever leads by now tells the rest
            try:
                await self._tell(untold)
            except ChatError as error:
                log.warning("notice not told", key=untold.key, error=str(error))
                if not error.permanent:
                    continue
            await self._storage.told(untold.key)

    async def _tell(self, untold: Untold) -> None:
        view = notice(untold.kind, dict(untold.facts), to_admins=untold.member is None)
        if untold.member is None:
            await self._alerts.tell(untold.workspace, view, untold.key)
        else:
            member = Member(untold.workspace, untold.member)
            await self._chats[member.platform].notify(member, untold.channel, view)
