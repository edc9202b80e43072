"""Answers that only the person who asked can see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

from adapters.slack import words
from adapters.slack.addresses import Addresses
from adapters.slack.api import Body, SlackApi
from adapters.slack.channels import Channels
from adapters.slack.documents import Documents
from adapters.slack.errors import SlackRefused
from adapters.slack.people import People
from adapters.slack.posts import place
from adapters.slack.render import Names, members_in, notice_body
from bot.errors import ChatError
from bot.text import Text
from bot.views import Notice

log = structlog.get_logger()

_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class Asker:
    """Who did something, where, and how they can be answered.

    `channel` may name a thread, and is empty in our own home; `response_url` is Slack's own way to
    answer one interaction (30 minutes, 5 uses), also in channels that we are not in.
    """

    api: SlackApi
    user: str
    channel: str = ""
    response_url: str | None = None

    @property
    def workspace(self) -> str:
        return self.api.identity.workspace


class Whispers:
    """Says something privately, by the first way that works."""

    def __init__(
        self,
        people: People,
        channels: Channels,
        addresses: Addresses,
        session: aiohttp.ClientSession,
        prefix: str,
        documents: Documents,
    ) -> None:
        self._people = people
        self._channels = channels
        self._addresses = addresses
        self._session = session
        self._nobody = Names(prefix=prefix)
        self._documents = documents

    async def say(self, asker: Asker, notice: Notice) -> None:
        """Answer a person in the channel where they are, seen by nobody else."""
        if notice.files:
            notice = await self._hand_over(asker, notice)
        # Nobody but the reader sees it, so a mention in it pings nobody.
        body = notice_body(notice, self._nobody, mentions=True)
        try:
            if await self._respond(asker, {"response_type": "ephemeral", **body}):
                return
            if asker.channel and await self._show(asker, body):
                return
            await self.write(asker.api, asker.user, notice)
        except ChatError as error:
            log.warning("not told", user=asker.user, error=str(error))

    async def write(self, api: SlackApi, user: str, notice: Notice) -> None:
        """Tell a person in our own conversation, where it stays; raises ChatError."""
        channel = await self._channels.conversation(api, user)
        body = notice_body(notice, await self.names_in(api, notice.text))
        await api.do("chat.postMessage", channel=channel, **body, parse="none", unfurl_links=False)
        if notice.files:
            await self._documents.share(api, channel, notice.files)

    async def replace(self, asker: Asker, notice: Notice | None) -> bool:
        """Put this in the place of the message that was clicked, or take that away."""
        if notice is None:
            return await self._respond(asker, {"delete_original": True})
        body = notice_body(notice, self._nobody, mentions=True)
        return await self._respond(asker, {"replace_original": True, **body})

    async def names(self, api: SlackApi, members: Iterable[str]) -> Names:
        """What people are called (a mention without a ping needs the name), and our commands."""
        found = {member: await self._people.name(api, member) for member in members}
        return Names(found, self._nobody.prefix)

    async def names_in(self, api: SlackApi, *texts: Text) -> Names:
        """The same, for everybody who is named in these texts."""
        return await self.names(api, members_in(*texts))

    async def _hand_over(self, asker: Asker, notice: Notice) -> Notice:
        """Files cannot be shown to one person in a channel: they go where nobody else is."""
        try:
            await self.write(asker.api, asker.user, notice)
        except ChatError as error:
            log.warning("files not sent", user=asker.user, error=str(error))
            return words.slack_trouble()
        return words.files_are_in_private(notice)

    async def _show(self, asker: Asker, body: Body) -> bool:
        try:
            await asker.api.do(
                "chat.postEphemeral",
                **place(asker.channel),
                user=asker.user,
                **body,
                parse="none",
            )
        except SlackRefused as error:
            log.info("not shown in the channel", channel=asker.channel, error=str(error))
            return False
        return True

    async def _respond(self, asker: Asker, body: dict[str, Any]) -> bool:
        if not asker.response_url:
            return False
        try:
            address = self._addresses.response(asker.response_url)
            async with self._session.post(
                address, json=body, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                return answer.status == 200
        except (ChatError, aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("response_url did not work", error=type(error).__name__)
            return False
