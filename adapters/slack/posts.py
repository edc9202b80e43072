"""Messages that are posted once, whatever crashes: written down first, looked for before a second try."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog

from adapters.slack.api import Body, SlackApi
from adapters.slack.channels import Channels
from adapters.slack.errors import SlackRefused, SlackUnsure
from adapters.slack.render import key_in, metadata, with_key
from bot.failpoints import failpoint
from bot.jobs import room
from bot.ports import Clock, Confirm, Receipt, Receipts

log = structlog.get_logger()

# Slack's clock and the one that a message was begun by may differ by so much: a clock that was not
# set yet may be hours ahead.
CLOCK_DIFFERENCE = timedelta(days=1)
# A message is looked for among so many; older ones were not sent by the attempt in question.
MOST_SEARCHED = 1000
SEARCH_PAGE = 200
# After a call whose end is not known: when to look, in seconds.
LOOKS = (0.5, 2.0)


class Posts:
    """Posts a message under a key; the same key never makes a second message."""

    def __init__(self, receipts: Receipts, channels: Channels, clock: Clock) -> None:
        self._receipts = receipts
        self._channels = channels
        self._clock = clock
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def post(
        self,
        api: SlackApi,
        channel: str,
        body: Body,
        key: str,
        subject: str | None,
        confirm: Confirm | None = None,
    ) -> str:
        """Post and return the message's `ts`; raises ChatError, and what `confirm` raises."""
        receipt = Receipt(
            api.identity.workspace, key, channel, self._clock.now(), subject, state="posting"
        )
        known = await self._receipts.begin(receipt)
        if known is not None:
            if known.message is not None:
                return known.message
            receipt = known
            found = await self.find(api, receipt)
            if found is not None:
                return await self._sent(receipt, found)
        failpoint("slack.post.intended")
        ts = await self._send(api, receipt, body, confirm)
        failpoint("slack.post.sent")
        return await self._sent(receipt, ts)

    async def find(self, api: SlackApi, receipt: Receipt) -> str | None:
        """The `ts` of the message that carries a receipt's key, if it was posted."""
        async for message in recent_messages(api, receipt):
            if key_in(message) == receipt.key:
                return str(message["ts"])
        return None

    async def _send(
        self, api: SlackApi, receipt: Receipt, body: Body, confirm: Confirm | None
    ) -> str:
        try:
            return await self._post(api, receipt, body, confirm)
        except SlackRefused as error:
            if error.code != "not_in_channel" or not await self._channels.rejoin(
                api, receipt.channel
            ):
                raise
            return await self._post(api, receipt, body, confirm)
        except SlackUnsure as error:
            log.warning("looking for a message", key=receipt.key, error=str(error))
            for pause in LOOKS:
                await self._clock.sleep(pause)
                found = await self.find(api, receipt)
                if found is not None:
                    return found
            raise

    async def _post(
        self, api: SlackApi, receipt: Receipt, body: Body, confirm: Confirm | None
    ) -> str:
        turn = self._turns.setdefault((receipt.workspace, room(receipt.channel)), asyncio.Lock())
        # Slack takes about one message a second in a channel: while one waits as long as Slack asks,
        # the others wait behind it instead of using up their tries.
        async with turn:
            if confirm is not None:
                await confirm()
            answer = await api.once(
                "chat.postMessage",
                **place(receipt.channel),
                text=body["text"],
                blocks=with_key(body["blocks"], receipt.key),
                metadata=metadata(receipt.key),
                parse="none",
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(answer["ts"])

    async def _sent(self, receipt: Receipt, ts: str) -> str:
        await self._receipts.note(receipt, message=ts, state="posted")
        return ts


def place(channel: str) -> Mapping[str, str]:
    """The arguments that say where something goes: the channel, and the thread in it."""
    thread = thread_of(channel)
    return {"channel": room(channel), **({"thread_ts": thread} if thread else {})}


def thread_of(channel: str) -> str | None:
    """The thread's first message, where a channel names a thread in it."""
    return channel.partition("/")[2] or None


def in_thread(channel: str, thread: str | None) -> str:
    """The channel as jobs have it: with the thread, if there is one."""
    return f"{channel}/{thread}" if thread else channel


async def recent_messages(api: SlackApi, receipt: Receipt) -> AsyncIterator[Mapping[str, Any]]:
    """What was posted where a receipt's message was to go, since it was begun."""
    oldest = f"{(receipt.begun_at - CLOCK_DIFFERENCE).timestamp():.6f}"
    thread = thread_of(receipt.channel)
    method, where = "conversations.history", {"channel": room(receipt.channel)}
    if thread:
        method, where = "conversations.replies", {**where, "ts": thread}
    cursor, seen = None, 0
    while seen < MOST_SEARCHED:
        answer = await api.read(
            method,
            **where,
            oldest=oldest,
            limit=SEARCH_PAGE,
            include_all_metadata="true",
            cursor=cursor,
        )
        messages = answer.get("messages") or []
        for message in messages:
            yield message
        seen += len(messages)
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor or not messages:
            return
