"""Where we may post: checked before anybody is charged for something that cannot be delivered."""

import re
import time

import structlog

from adapters.slack import words
from adapters.slack.api import SlackApi
from adapters.slack.errors import SlackRefused, Told
from bot.jobs import room

log = structlog.get_logger()

# A channel that we were in is not asked about again for this long.
REMEMBERED_SECONDS = 60.0
# What Slack says of conversations that we cannot see: private, or between other people.
_CHANNEL = re.compile(r"[CG][A-Z0-9]+")
_UNSEEN = ("channel_not_found", "not_in_channel", "no_permission", "access_denied")


class Channels:
    """Gets us into channels, or says what would."""

    def __init__(self) -> None:
        self._in: dict[tuple[str, str], float] = {}

    async def presence(self, api: SlackApi, channel: str, user: str) -> str:
        """Where to answer somebody who asked in a channel: there, or in our own conversation.

        Public channels are joined. Raises Told where only an invitation helps.
        """
        key = (api.identity.workspace, room(channel))
        if time.monotonic() - self._in.get(key, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS:
            return channel
        try:
            found = (await api.read("conversations.info", channel=room(channel))).get("channel")
        except SlackRefused as error:
            if error.code not in _UNSEEN:
                raise
            return await self._elsewhere(api, channel, user)
        if not _is_member(found or {}):
            await self._join(api, room(channel))
        self._in[key] = time.monotonic()
        return channel

    async def rejoin(self, api: SlackApi, channel: str) -> bool:
        """Join a public channel that we were taken out of; False where that cannot be."""
        self._in.pop((api.identity.workspace, room(channel)), None)
        try:
            await self._join(api, room(channel))
        except Told:
            return False
        return True

    async def find(self, api: SlackApi, text: str) -> str | None:
        """The id of a channel that is meant by a mention or its id, if we can post there."""
        wanted = text.removeprefix("<").removesuffix(">").removeprefix("#").partition("|")[0]
        if not _CHANNEL.fullmatch(wanted):
            return None
        try:
            found = (await api.read("conversations.info", channel=wanted)).get("channel") or {}
        except SlackRefused as error:
            if error.code not in _UNSEEN:
                raise
            return None
        # A public one is joined when there is something to say.
        closed = found.get("is_archived") or (found.get("is_private") and not _is_member(found))
        return None if closed else wanted

    async def conversation(self, api: SlackApi, user: str) -> str:
        """Our own conversation with a member."""
        answer = await api.ask("conversations.open", users=user)
        return str(answer["channel"]["id"])

    async def _elsewhere(self, api: SlackApi, channel: str, user: str) -> str:
        # Two people's own conversation has no room for a third: they get it in ours.
        if channel.startswith("D"):
            return await self.conversation(api, user)
        raise Told(words.invite())

    async def _join(self, api: SlackApi, channel: str) -> None:
        try:
            await api.ask("conversations.join", channel=channel)
        except SlackRefused as error:
            log.info("cannot join", channel=channel, error=str(error))
            raise Told(words.invite()) from error


def _is_member(channel: dict[str, object]) -> bool:
    # A private channel or a conversation that we can see is one that we are in.
    private = any(channel.get(kind) for kind in ("is_im", "is_mpim", "is_private", "is_group"))
    return bool(channel.get("is_member", private))
