"""What Slack sends, acknowledged first and then handed to whoever does it.

Slack waits three seconds for the acknowledgement, Bolt drops one that comes later, and an error
before it is none: so nothing but it happens in a listener. What nobody listens to is acknowledged
too, because in Socket Mode Bolt would not, and Slack would send it again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from adapters.slack.clicks import Clicks, channel_of
from adapters.slack.commands import Commands
from adapters.slack.forms import CALLBACK, MODEL_ACTION
from adapters.slack.home import QUOTA_ACTIONS, QUOTA_CALLBACK
from adapters.slack.homes import Homes
from adapters.slack.manifest import SHORTCUTS
from adapters.slack.posts import in_thread
from adapters.slack.render import ACTION
from adapters.slack.whispers import Asker
from adapters.slack.workspaces import Workspaces
from bot.errors import ChatError

log = structlog.get_logger()

Body = Mapping[str, Any]
_ANY = re.compile(".*", re.DOTALL)
_BUTTON = re.compile(f"^{re.escape(ACTION)}")
# Something that a person says; alone, with a file, or from a thread into its channel as well.
_SAID = (None, "file_share", "thread_broadcast")
# What people put between a name and what they want of who bears it.
_ADDRESSED = " \n,:，："
# How long what was begun may go on after we were asked to stop.
FINISH_SECONDS = 10.0


class Listeners:
    """Registers everything with Bolt; owns the work that a payload begins."""

    def __init__(
        self, workspaces: Workspaces, commands: Commands, clicks: Clicks, homes: Homes
    ) -> None:
        self._workspaces = workspaces
        self._commands = commands
        self._clicks = clicks
        self._homes = homes
        self._work: set[asyncio.Task[None]] = set()

    def register(self, app: AsyncApp) -> None:
        """Tell Bolt who takes what."""
        app.command(_ANY)(self._command)
        for shortcut in SHORTCUTS:
            app.message_shortcut(shortcut)(self._shortcut)
        app.view(CALLBACK)(self._form)
        app.view(QUOTA_CALLBACK)(self._quota_form)
        app.action(MODEL_ACTION)(self._model)
        for action in QUOTA_ACTIONS:
            app.action(action)(self._control)
        app.action(_BUTTON)(self._button)
        app.event("app_mention")(self._mention)
        app.event("message")(self._message)
        app.event("reaction_added")(self._reaction)
        app.event("app_home_opened")(self._home)
        app.error(acknowledge_the_rest)

    async def finish(self) -> None:
        """Wait for what was begun; what takes too long is ended."""
        if self._work:
            await asyncio.wait(list(self._work), timeout=FINISH_SECONDS)
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    async def _command(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        channel = in_thread(str(body.get("channel_id") or ""), body.get("thread_ts"))
        self._answer(context, body, lambda: channel, lambda who: self._commands.typed(who, body))

    async def _shortcut(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        where = partial(channel_of, body)
        self._answer(context, body, where, lambda who: self._commands.chosen(who, body))

    async def _form(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        where = partial(self._commands.channel_of_form, body)
        self._answer(context, body, where, lambda who: self._commands.sent(who, body))

    async def _quota_form(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        self._answer(context, body, _nowhere, lambda who: self._homes.sent(who, body))

    async def _model(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        self._answer(context, body, _nowhere, lambda who: self._commands.model_chosen(who, body))

    async def _control(
        self, ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext
    ) -> None:
        await ack()
        self._answer(context, body, _nowhere, lambda who: self._homes.control(who, body, action))

    async def _button(
        self, ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext
    ) -> None:
        await ack()
        where = partial(channel_of, body)
        self._answer(context, body, where, lambda who: self._pressed(who, body, action))

    async def _pressed(self, asker: Asker, body: Body, action: Body) -> None:
        if (body.get("container") or {}).get("type") == "view" or body.get("view"):
            await self._homes.pressed(asker, body, action)
        else:
            await self._clicks.pressed(asker, body, action)

    async def _mention(self, event: Body, context: AsyncBoltContext) -> None:
        self._begin(self._said(event, context, mention=True))

    async def _message(self, event: Body, context: AsyncBoltContext) -> None:
        # Edited, deleted and joined are messages too, with a subtype; none of them asks for a thing.
        if event.get("subtype") in _SAID and not event.get("bot_id"):
            self._begin(self._said(event, context, mention=False))

    async def _said(self, event: Body, context: AsyncBoltContext, *, mention: bool) -> None:
        me = re.search(
            rf"<@{re.escape(str(context.bot_user_id))}(\|[^>]*)?>", event.get("text") or ""
        )
        text = str(event.get("text") or "")
        alone = event.get("channel_type") == "im"
        if me is not None:
            text = text[me.end() :].lstrip(_ADDRESSED)
        elif not (alone or mention):
            return
        thread = event.get("thread_ts")
        thread = None if thread == event.get("ts") else thread
        channel = in_thread(str(event.get("channel")), thread)
        asker = await self._asker(context, event, channel)
        await self._commands.said(asker, event, text.strip(), alone=alone)

    async def _reaction(self, event: Body, body: Body, context: AsyncBoltContext) -> None:
        async def work() -> None:
            asker = await self._asker(context, event, str((event.get("item") or {}).get("channel")))
            once = body.get("event_id") or f"{event.get('event_ts')}:{asker.user}"
            await self._clicks.reacted(asker, str(once), event)

        self._begin(work())

    async def _home(self, event: Body, context: AsyncBoltContext) -> None:
        if event.get("tab") == "messages":
            return

        self._answer(context, event, _nowhere, self._homes.show)

    def _answer(
        self,
        context: AsyncBoltContext,
        body: Body,
        where: Callable[[], str],
        do: Callable[[Asker], Awaitable[object]],
    ) -> None:
        """Begin what a payload asks for; it is looked into only there, where a slip is logged."""

        async def work() -> None:
            await do(await self._asker(context, body, where()))

        self._begin(work())

    async def _asker(self, context: AsyncBoltContext, body: Body, channel: str) -> Asker:
        api = await self._workspaces.of_team(context.team_id)
        if api is None:
            raise ChatError("a request of an unknown workspace")
        user = body.get("user_id") or body.get("user") or ""
        if isinstance(user, Mapping):
            user = user.get("id") or ""
        return Asker(api, str(user), channel, body.get("response_url"))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work), name="slack request")
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _nowhere() -> str:
    """The channel of our own home, and of forms that belong to none."""
    return ""


async def acknowledge_the_rest(error: Exception) -> BoltResponse | None:
    """Bolt's error handler: what nobody listens to is taken, and left alone."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200, body="")
    log.error("listener failed", exc_info=error)
    return None


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except ChatError as error:
        log.warning("request not answered", error=str(error))
    except Exception:
        log.exception("request failed")
