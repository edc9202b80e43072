"""Reactions that were set while nobody listened, found afterwards under the latest messages.

Slack tries to tell of a thing for five minutes, and then no more. Asked for each message alone, it
names everybody who reacted, and needs no scope that the events do not need.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from adapters.slack.clicks import Clicks, event_of, is_about_a_job, sign_of
from adapters.slack.workspaces import Workspaces
from bot.errors import ChatError, Stopping, StorageUnavailable
from bot.jobs import room
from bot.ports import Clock, EventLog, Receipt, Receipts

log = structlog.get_logger()

PLATFORM = "slack"
# Messages so old are not looked at again, nor more of them than this.
REREAD_DAYS = 7
MOST_REREAD = 200
# So long what Slack tells by itself comes first, and of several processes one does it.
SETTLE = timedelta(seconds=5)
# Slack may be in trouble just when it comes back.
PAUSES_SECONDS = (0.0, 5.0, 60.0)
# Slack answers 50 questions a minute (docs.slack.dev/reference/methods/reactions.get).
AT_ONCE = 20
PACE_SECONDS = 1.5


class Afterwards:
    """Looks whenever it may be needed, once for all processes that begin to listen together."""

    def __init__(
        self,
        workspaces: Workspaces,
        receipts: Receipts,
        events: EventLog,
        clicks: Clicks,
        clock: Clock,
    ) -> None:
        self._workspaces = workspaces
        self._receipts = receipts
        self._events = events
        self._clicks = clicks
        self._clock = clock
        self._needed = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """A session begins: what happened before it may have been told to nobody."""
        self._needed = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="slack reactions")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while self._needed:
            self._needed = False
            try:
                # What was honoured before events were noted is not in it.
                began = await self._events.began(f"{PLATFORM}|reactions|began", self._clock.now())
                await self._clock.sleep(SETTLE.total_seconds())
                # Who has taken it within that time began after us, and sees all that we would.
                if await self._events.claim(f"{PLATFORM}|reactions", SETTLE, self._clock.now()):
                    await self._reread(began)
            except StorageUnavailable as error:
                log.warning("reactions not looked for yet", error=str(error))
                self._needed = True
                await self._clock.sleep(PAUSES_SECONDS[1])
            except Exception:
                log.exception("reactions not looked for")

    async def _reread(self, began: datetime) -> None:
        since = max(began, self._clock.now() - timedelta(days=REREAD_DAYS))
        after = f"{since.timestamp():.6f}"
        recent = await self._receipts.recent(PLATFORM, since, after, MOST_REREAD)
        places = {(each.workspace, room(each.channel), each.message): each for each in recent}
        left = [each for each in places.values() if is_about_a_job(each)]
        for pause in PAUSES_SECONDS:
            await self._clock.sleep(pause)
            left = await self._read_all(left)
            if not left:
                return

    async def _read_all(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Read messages again; those where that did not work."""
        left = []
        for number, receipt in enumerate(receipts):
            if number >= AT_ONCE:
                await self._clock.sleep(PACE_SECONDS)
            if not await self._is_read(receipt):
                left.append(receipt)
        return left

    async def _is_read(self, receipt: Receipt) -> bool:
        """Read a message again; False where that may work later."""
        try:
            await self._read(receipt)
        except (ChatError, StorageUnavailable, Stopping) as error:
            log.info("message not read again", job=receipt.subject, error=str(error))
            return isinstance(error, ChatError) and error.permanent
        except Exception:
            log.exception("message not read again", job=receipt.subject)
        return True

    async def _read(self, receipt: Receipt) -> None:
        api = await self._workspaces.api(receipt.workspace)
        answer = await api.read(
            "reactions.get",
            channel=room(receipt.channel),
            timestamp=receipt.message,
            full="true",
        )
        groups = (answer.get("message") or {}).get("reactions") or ()
        found = {
            event_of(receipt, user, sign): (user, sign)
            for group in groups
            if (sign := sign_of(group.get("name"))) is not None
            for user in _others(group.get("users"), api.identity.bot_user)
        }
        honoured = await self._events.honoured(receipt.workspace, list(found))
        for event, (user, sign) in found.items():
            if event not in honoured:
                log.info("reaction found afterwards", job=receipt.subject, sign=sign)
                await self._clicks.found(api, user, receipt, sign)


def _others(users: Iterable[str] | None, own: str) -> list[str]:
    return [user for user in users or () if user != own]
