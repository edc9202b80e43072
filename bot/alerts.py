"""Where admins are told things: in the channel that their workspace has set, else where its platform does."""

from collections.abc import Mapping

import structlog

from bot.errors import ChatError
from bot.ports import ChatPlatform, QuotaStorage
from bot.views import Notice

log = structlog.get_logger()


class Alerts:
    """Tells a workspace's admins; a channel that is gone is no reason to tell nobody."""

    def __init__(self, quotas: QuotaStorage, chats: Mapping[str, ChatPlatform]) -> None:
        self._quotas = quotas
        self._chats = chats

    async def tell(self, workspace: str, notice: Notice, key: str) -> str:
        """The message; the same key never makes a second one. Raises ChatError."""
        chat = self._chats[workspace.partition(":")[0]]
        channel = (await self._quotas.settings(workspace)).alert_channel
        if channel is not None:
            try:
                return await chat.alert(workspace, notice, key, channel)
            except ChatError as error:
                if not error.permanent:
                    raise
                log.warning("alert channel cannot be used", workspace=workspace, error=str(error))
        return await chat.alert(workspace, notice, key)
