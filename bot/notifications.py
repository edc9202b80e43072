"""Tells people, once, what the books have noticed: marks that were reached, and pauses."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from bot.alerts import Alerts
from bot.errors import ChatError
from bot.jobs import Member
from bot.messages.quotas import notice
from bot.ports import ChatPlatform, Storage, Untold
from bot.replica import Replica

log = structlog.get_logger()


class Notifications:
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
        self._telling = asyncio.Lock()

    async def tell(self) -> None:
        """Tell everything that is waiting; what a chat does not take now is tried again later.

        Only the replica that leads does: two would tell the same thing twice.
        """
        async with self._telling:
            for untold in await self._untold():
                if not self._replica.leads:
                    return  # whoever leads by now tells the rest
                await self._tell_once(untold)

    async def _untold(self) -> Sequence[Untold]:
        # What waits for a platform that does not run must keep nobody else waiting.
        return await self._storage.untold(self._chats) if self._replica.leads else ()

    async def _tell_once(self, untold: Untold) -> None:
        try:
            await self._tell(untold)
        except ChatError as error:
            log.warning("notice not told", key=untold.key, error=str(error))
            if not error.permanent:
                return
        await self._storage.told(untold.key)

    async def _tell(self, untold: Untold) -> None:
        view = notice(untold.kind, dict(untold.facts), to_admins=untold.member is None)
        if untold.member is None:
            await self._alerts.tell(untold.workspace, view, untold.key)
        else:
            member = Member(untold.workspace, untold.member)
            await self._chats[member.platform].notify(member, untold.channel, view)
