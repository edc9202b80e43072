"""Slack as a chat platform: cards, results and words to people."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from adapters.slack.api import Body, SlackApi
from adapters.slack.board import Board
from adapters.slack.channels import Channels
from adapters.slack.ladder import Ladder
from adapters.slack.looks import Looks
from adapters.slack.people import People
from adapters.slack.posts import Posts
from adapters.slack.render import card_body, members_in, notice_body, result_body
from adapters.slack.uploads import Uploads
from adapters.slack.whispers import Asker, Whispers
from adapters.slack.workspaces import Workspaces
from bot.errors import ChatError
from bot.jobs import Member, State, room
from bot.ports import Clock, Confirm, Landing, Subject
from bot.views import Card, Notice, Result

log = structlog.get_logger()

CLOSE_SECONDS = 5.0
# More admins than this are not written to one by one: an alert channel is for that.
MOST_ADMINS = 5


class Chat:
    """Implements bot.ports.ChatPlatform. A message is its `ts`; an alert is `channel:ts,…`."""

    def __init__(
        self,
        workspaces: Workspaces,
        people: People,
        channels: Channels,
        posts: Posts,
        uploads: Uploads,
        ladder: Ladder,
        whispers: Whispers,
        alert_channel: str | None,
        clock: Clock,
    ) -> None:
        self._workspaces = workspaces
        self._people = people
        self._channels = channels
        self._posts = posts
        self._uploads = uploads
        self._ladder = ladder
        self._whispers = whispers
        self._alert_channel = alert_channel
        self._clock = clock
        self._boards: dict[str, Board] = {}
        self._looks = Looks()

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        api = await self._workspaces.api(card.owner.workspace)
        body = await self._card_body(api, card)
        ts = await self._posts.post(api, channel, body, key, card.job_id, confirm)
        # Only a first card is sure to show what was just posted: a later one may have been found.
        if card.state is State.QUEUED:
            self._looks.remember(channel, ts, card)
        return ts

    async def update_card(
        self, channel: str, message: str, card: Card, confirm: Confirm
    ) -> Landing | None:
        api = await self._workspaces.api(card.owner.workspace)
        body = await self._card_body(api, card)
        urgent = card.state.is_over or self._looks.differ(channel, message, card)
        self._looks.remember(channel, message, card)
        landing = self._board(api).put(room(channel), message, body, urgent=urgent, confirm=confirm)
        if not card.state.is_over:
            return landing
        await asyncio.shield(landing)
        return None

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        api = await self._workspaces.api(workspace)
        await api.do("chat.delete", channel=room(channel), ts=message)

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        api = await self._workspaces.api(result.owner.workspace)
        # The text is a message of its own: for a file's message Slack documents rich text alone, and
        # no metadata by which it could be found again (files.completeUploadExternal).
        result = await self._ladder.share(api, channel, result, key, confirm)
        names = await self._whispers.names(api, members_in(result.text) - {result.owner.id})
        body = result_body(result, names)
        return await self._posts.post(api, channel, body, key, result.job_id, confirm)

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        api = await self._workspaces.api(member.workspace)
        try:
            await self._whispers.write(api, member.id, notice)
        except ChatError as error:
            if not error.permanent or not channel:
                raise
            await self._whispers.say(Asker(api, member.id, channel), notice)

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        api = await self._workspaces.api(workspace)
        body = await self._notice_body(api, notice)

        async def post(place: str) -> str:
            ts = await self._posts.post(api, place, body, f"alert:{key}:{place}", notice.job_id)
            return f"{place}:{ts}"

        if channel is not None:
            return await post(channel)
        if self._alert_channel is not None:
            try:
                return await post(self._alert_channel)
            except ChatError as error:
                if not error.permanent:
                    raise
                log.warning("slack.alert_channel cannot be used", error=str(error))
        return await self._tell_each_admin(api, post)

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        api = await self._workspaces.api(workspace)
        body = await self._notice_body(api, notice)
        for one in filter(None, message.split(",")):
            channel, _, ts = one.partition(":")
            self._board(api).put(channel, ts, body, urgent=True)

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        return await self._people.subject(await self._workspaces.api(workspace), text)

    async def find_channel(self, workspace: str, text: str) -> str | None:
        return await self._channels.find(await self._workspaces.api(workspace), text)

    async def name_of(self, member: Member) -> str:
        return await self._people.name(await self._workspaces.api(member.workspace), member.id)

    async def offer_changed(self) -> None:
        """Forms and options are made from the catalog when they are asked for."""

    async def roles_of(self, member: Member) -> Sequence[str]:
        try:
            api = await self._workspaces.api(member.workspace)
        except ChatError as error:
            log.warning("roles not known", member=member.id, error=str(error))
            return ()
        return await self._people.roles(api, member.id)

    async def close(self) -> None:
        """Send what is still to be shown."""
        await asyncio.gather(*(board.close(CLOSE_SECONDS) for board in self._boards.values()))
        await self._uploads.close()

    async def _card_body(self, api: SlackApi, card: Card) -> Body:
        members = members_in(*(line.value for line in card.lines)) | {card.owner.id}
        return card_body(card, await self._whispers.names(api, members))

    async def _notice_body(self, api: SlackApi, notice: Notice) -> Body:
        return notice_body(notice, await self._whispers.names_in(api, notice.text))

    async def _tell_each_admin(self, api: SlackApi, post: Callable[[str], Awaitable[str]]) -> str:
        """Their messages; one who cannot be told is no reason to tell nobody."""
        messages: list[str] = []
        failed = ChatError("there is no admin to tell; set slack.alert_channel", permanent=True)
        for admin in await self._people.admins(api):
            if len(messages) == MOST_ADMINS:
                break
            try:
                messages.append(await post(await self._channels.conversation(api, admin)))
            except ChatError as error:
                if not error.permanent:
                    raise
                log.warning("admin cannot be told", admin=admin, error=str(error))
                failed = error
        if not messages:
            raise failed
        return ",".join(messages)

    def _board(self, api: SlackApi) -> Board:
        workspace = api.identity.workspace
        if workspace not in self._boards:

            async def edit(channel: str, message: str, body: Body) -> None:
                # A message's text without its blocks would take the blocks away.
                current = await self._workspaces.api(workspace)
                await current.do("chat.update", channel=channel, ts=message, **body, parse="none")

            self._boards[workspace] = Board(edit, self._clock)
        return self._boards[workspace]
