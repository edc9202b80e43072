"""Buttons and reactions: what is asked of a message that we sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from adapters.slack.api import SlackApi
from adapters.slack.desk import Desk
from adapters.slack.errors import Ignored, Told
from adapters.slack.messages import subject_of
from adapters.slack.posts import in_thread
from adapters.slack.render import ACTION
from adapters.slack.whispers import Asker, Whispers
from bot.desk.generation import ONCE_WINDOW
from bot.errors import Refused, Stopping, StorageUnavailable
from bot.jobs import Cause, Job, room
from bot.messages.refusals import refusal_notice
from bot.ports import Clock, EventLog, Once, Receipt, Receipts
from bot.service import DECIDING, OF_ADMINS
from bot.views import Notice

log = structlog.get_logger()

Payload = Mapping[str, Any]

REACTIONS: Mapping[str, str] = {
    "repeat": Cause.RETRY, "arrows_counterclockwise": Cause.RETRY,
    "arrow_up": Cause.UPSCALE, "arrow_up_small": Cause.UPSCALE, "clapper": Cause.ANIMATE,
    "x": "cancel", "heavy_multiplication_x": "cancel",
}  # fmt: skip
# Slack's last try to tell of a thing comes after five minutes; what seems to be older comes from a
# clock that is wrong.
MOST_LATE = timedelta(minutes=10)


class Clicks:
    """Does what a button or a reaction asks for, once.

    A reaction counts anew when it was set after it was last honoured; one that is found afterwards
    has no such moment, and counts unless it ever was.
    """

    def __init__(
        self, desk: Desk, whispers: Whispers, receipts: Receipts, events: EventLog, clock: Clock
    ) -> None:
        self._desk = desk
        self._whispers = whispers
        self._receipts = receipts
        self._events = events
        self._clock = clock

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
        answer = await self._desk.press(asker, event, action, subject, team)
        if action in OF_ADMINS:
            return None
        notice = answer if isinstance(answer, Notice) else None
        if action in DECIDING and await self._whispers.replace(asker, notice):
            return None
        return notice

    async def reacted(self, asker: Asker, event_id: str, event: Payload) -> None:
        """An emoji under one of our messages; any other message is none of our business."""
        sign, item = sign_of(event.get("reaction")), event.get("item") or {}
        author = event.get("item_user")
        if sign is None or item.get("type") != "message":
            return
        if author and author != asker.api.identity.bot_user:
            return
        once = f"reaction:{event_id}"
        if self._desk.is_first(asker, once):
            await self._desk.answer(asker, self._react(asker, once, sign, event))

    async def found(self, api: SlackApi, user: str, receipt: Receipt, sign: str) -> None:
        """An emoji that was found afterwards; raises ChatError, StorageUnavailable or Stopping."""
        there = Asker(api, user, receipt.channel)
        try:
            notice = await self._follow(there, receipt, sign, event_of(receipt, user, sign))
        except Ignored:
            return
        except Told as error:
            notice = error.notice
        except (StorageUnavailable, Stopping):
            raise
        except Refused as error:
            notice = refusal_notice(error)
        if notice is not None:
            # They need not look at the channel any more, where it would be shown only now.
            await self._whispers.say(Asker(api, user), notice)

    async def _react(self, asker: Asker, once: str, sign: str, event: Payload) -> None:
        channel, ts = str(event["item"].get("channel")), str(event["item"].get("ts"))
        receipt = await subject_of(asker.api, self._receipts, channel, ts)
        if receipt is None or not is_about_a_job(receipt):
            raise Ignored
        now, event_id = self._clock.now(), event_of(receipt, asker.user, sign)
        window = _window(event.get("event_ts"), now)
        lately = (now - window, now + window)
        if await self._events.honoured(asker.workspace, [event_id], lately):
            raise Ignored
        # What comes of it goes where the message is, into its thread too.
        there, same = Asker(asker.api, asker.user, receipt.channel), (Once(event_id, window),)
        await self._desk.answer(there, self._follow(there, receipt, sign, once, same))

    async def _follow(
        self, asker: Asker, receipt: Receipt, sign: str, event: str, also: tuple[Once, ...] = ()
    ) -> Notice | None:
        """Do it, and write down that nothing more is to be done for it."""
        answer: Job | Notice | None = None
        try:
            answer = await self._desk.press(
                asker, event, REACTIONS[sign], str(receipt.subject), None, also
            )
        except (StorageUnavailable, Stopping):
            raise
        except (Ignored, Told, Refused):
            await self._note(asker, receipt, sign)
            raise
        await self._note(asker, receipt, sign)
        return answer if isinstance(answer, Notice) else None

    async def _note(self, asker: Asker, receipt: Receipt, sign: str) -> None:
        event = event_of(receipt, asker.user, sign)
        try:
            await self._events.note(asker.workspace, event, self._clock.now())
        except StorageUnavailable as error:
            log.warning("reaction not noted", reaction=event, error=str(error))


def sign_of(reaction: object) -> str | None:
    """The emoji that asks for something, whatever its skin tone."""
    name = str(reaction or "").partition("::")[0]
    return name if name in REACTIONS else None


def is_about_a_job(receipt: Receipt) -> bool:
    """Whether a message is one that reactions are for; questions to admins are about jobs, too."""
    return receipt.subject is not None and not receipt.key.startswith("alert:")


def event_of(receipt: Receipt, user: str, sign: str) -> str:
    """What a reaction is known by, whether Slack told of it or it was found."""
    return f"reaction:{room(receipt.channel)}:{receipt.message}:{user}:{sign}"


def _window(event_ts: object, now: datetime) -> timedelta:
    """So long ago, at most, the same reaction was honoured already: since it was set."""
    try:
        late = now - datetime.fromtimestamp(float(str(event_ts)), UTC)
    except (ValueError, OverflowError, OSError):
        return ONCE_WINDOW
    return ONCE_WINDOW + late if timedelta(0) < late < MOST_LATE else ONCE_WINDOW


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
