"""Buttons and reactions: what is asked of a message that we sent."""

from collections.abc import Mapping
from typing import Any

import structlog

from adapters.slack.desk import Desk
from adapters.slack.errors import Ignored
from adapters.slack.messages import subject_of
from adapters.slack.posts import in_thread
from adapters.slack.render import ACTION
from adapters.slack.whispers import Asker, Whispers
from bot.jobs import Cause, Job
from bot.ports import Receipts
from bot.service import DECIDING, OF_ADMINS
from bot.views import Notice

log = structlog.get_logger()

Payload = Mapping[str, Any]

REACTIONS: Mapping[str, str] = {
    "repeat": Cause.RETRY, "arrows_counterclockwise": Cause.RETRY,
    "arrow_up": Cause.UPSCALE, "arrow_up_small": Cause.UPSCALE, "clapper": Cause.ANIMATE,
    "x": "cancel", "heavy_multiplication_x": "cancel",
}  # fmt: skip


class Clicks:
    """Does what a button or a reaction asks for, once."""

    def __init__(self, desk: Desk, whispers: Whispers, receipts: Receipts) -> None:
        self._desk = desk
        self._whispers = whispers
        self._receipts = receipts

    async def pressed(self, asker: Asker, body: Payload, action: Payload) -> bool:
        """A button; False when nothing came of it."""
        name = str(action.get("action_id", "")).removeprefix(ACTION)
        subject = str(action.get("value") or "")
        event = _event_of(body, action, asker.user)
        if not subject or not self._desk.is_first(asker, event):
            return False
        team = (body.get("user") or {}).get("team_id")
        return await self._desk.answer(asker, self._press(asker, event, name, subject, team))

    async def _press(
        self, asker: Asker, event: str, action: str, subject: str, team: str | None
    ) -> Notice | None:
        answer = await self._do(asker, event, action, subject, team)
        if action in OF_ADMINS:
            return None
        notice = answer if isinstance(answer, Notice) else None
        if action in DECIDING and await self._whispers.replace(asker, notice):
            return None
        return notice

    async def reacted(self, asker: Asker, event_id: str, event: Payload) -> None:
        """An emoji under one of our messages; any other message is none of our business."""
        action = REACTIONS.get(str(event.get("reaction", "")).partition("::")[0])
        item = event.get("item") or {}
        author = event.get("item_user")
        if action is None or item.get("type") != "message":
            return
        if author and author != asker.api.identity.bot_user:
            return
        once = f"reaction:{event_id}"
        if self._desk.is_first(asker, once):
            await self._desk.answer(asker, self._react(asker, once, action, item))

    async def _react(self, asker: Asker, once: str, action: str, item: Payload) -> Notice | None:
        channel, ts = str(item.get("channel")), str(item.get("ts"))
        receipt = await subject_of(asker.api, self._receipts, channel, ts)
        if receipt is None or receipt.subject is None:
            raise Ignored
        if receipt.key.startswith("alert:"):
            raise Ignored
        # What comes of it goes where the message is, into its thread too.
        there = Asker(asker.api, asker.user, receipt.channel)
        await self._desk.answer(there, self._follow(there, once, action, receipt.subject))
        return None

    async def _follow(self, asker: Asker, once: str, action: str, job: str) -> Notice | None:
        answer = await self._do(asker, once, action, job, None)
        return answer if isinstance(answer, Notice) else None

    async def _do(
        self, asker: Asker, event: str, action: str, subject: str, team: str | None
    ) -> Job | Notice:
        try:
            return await self._desk.press(asker, event, action, subject, team)
        except KeyError as error:
            log.info("no such action", action=action)
            raise Ignored from error


def channel_of(body: Payload) -> str:
    """Where a clicked message is, with the thread that it is in; empty in our own home."""
    container = body.get("container") or {}
    message = body.get("message") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    ts = message.get("ts") or container.get("message_ts")
    thread = container.get("thread_ts") or message.get("thread_ts")
    # The first message of a thread carries the thread too, but is not in it.
    return in_thread(str(channel), thread if thread and thread != ts else None)


def _event_of(body: Payload, action: Payload, user: str) -> str:
    container = body.get("container") or {}
    message = (body.get("message") or {}).get("ts") or container.get("message_ts") or ""
    stamp = action.get("action_ts") or body.get("trigger_id") or ""
    return f"press:{message}:{stamp}:{user}:{action.get('action_id')}"
