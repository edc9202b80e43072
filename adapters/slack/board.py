"""Edits of one workspace's messages within Slack's limit, shared fairly between jobs.

Slack takes about 50 `chat.update` a minute in a workspace, over all channels. What changed for
good goes first; progress goes when there is room, the card that waits longest first, and what was
overtaken by a newer state of its card is never sent.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.errors import ChatError, StaleJob, StorageUnavailable
from bot.ports import Clock, Confirm, Landing

log = structlog.get_logger()

MOST_EDITS = 48
WINDOW_SECONDS = 61.0
# Edits that only a change of state may use.
RESERVED_EDITS = 12
# Progress of all cards together, evenly over the minute.
PROGRESS_EVERY_SECONDS = WINDOW_SECONDS / (MOST_EDITS - RESERVED_EDITS)
# Progress of one card.
CARD_SECONDS = 5.0
# A change of state that Slack did not take is sent again, for about seven minutes.
MOST_TRIES = 12
RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
MOST_REMEMBERED = 2000

Message = tuple[str, str]
Edit = Callable[[str, str, dict[str, Any]], Awaitable[None]]


@dataclass
class _Waiting:
    body: dict[str, Any]
    urgent: bool
    tries: int = 0
    at: float = float("-inf")  # not before this moment
    landings: list[Landing] = field(default_factory=list)
    confirm: Confirm | None = None

    def end(self, sent: bool = False) -> None:
        """It is shown, or given up."""
        for landing in self.landings:
            if not landing.done():
                landing.set_result(sent)


@dataclass
class _Past:
    """When edits were sent: of all messages within the window, and the last one of each."""

    window: deque[float] = field(default_factory=deque)
    progress: float = float("-inf")
    messages: dict[Message, float] = field(default_factory=dict)


class Board:
    """Takes edits at any rate and sends them, by a task of its own, as Slack takes them."""

    def __init__(self, edit: Edit, clock: Clock) -> None:
        self._edit = edit
        self._clock = clock
        self._waiting: dict[Message, _Waiting] = {}
        self._past = _Past()
        self._changed = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def put(
        self,
        channel: str,
        message: str,
        body: dict[str, Any],
        *,
        urgent: bool,
        confirm: Confirm | None = None,
    ) -> Landing:
        """Show this on a message; it takes the place of what still waits for it.

        `confirm` is awaited right before it is sent. What comes back says whether this, or
        something newer that waited in its place, was sent.
        """
        key = (channel, message)
        before = self._waiting.pop(key, None) or _Waiting(body, urgent)
        urgent = urgent or before.urgent
        landings = before.landings or [asyncio.get_running_loop().create_future()]
        self._waiting[key] = _Waiting(body, urgent, before.tries, before.at, landings, confirm)
        self._idle.clear()
        self._changed.set()
        if self._sender is None:
            self._sender = asyncio.create_task(self._run(), name="slack board")
        return landings[-1]

    async def close(self, grace: float) -> None:
        """Send what changed for good, for at most `grace` seconds, and end."""
        for key in [key for key, waiting in self._waiting.items() if not waiting.urgent]:
            self._waiting.pop(key).end()
        self._changed.set()
        if self._sender is None:
            return
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            log.warning("edits not sent", count=len(self._waiting))
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        self._sender = None
        self._waiting.clear()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            key, pause = self._next()
            if key is not None:
                await self._send(key)
                continue
            if not self._waiting:
                self._idle.set()
            await self._wait(pause)

    async def _wait(self, seconds: float | None) -> None:
        """Until there is something new to show, for at most so many seconds."""
        changed = asyncio.create_task(self._changed.wait(), name="something to show")
        waits: list[asyncio.Task[Any]] = [changed]
        if seconds is not None:
            waits.append(asyncio.create_task(self._clock.sleep(seconds), name="pause"))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _next(self) -> tuple[Message | None, float | None]:
        """The message whose turn it is, or the seconds until there may be one."""
        now = self._clock.monotonic()
        window = self._past.window
        while window and now - window[0] >= WINDOW_SECONDS:
            window.popleft()
        if len(window) >= MOST_EDITS:
            return None, WINDOW_SECONDS - (now - window[0])
        if not self._waiting:
            return None, None
        for key, waiting in self._waiting.items():
            if waiting.urgent and waiting.at <= now:
                return key, None
        key = min(self._waiting, key=lambda k: (self._due(k), self._last(k)))
        due = self._due(key)
        return (key, None) if due <= now else (None, due - now)

    def _due(self, key: Message) -> float:
        """When a message may be edited: a state at once, progress when there is room."""
        waiting, window = self._waiting[key], self._past.window
        if waiting.urgent:
            return waiting.at
        due = max(self._last(key) + CARD_SECONDS, self._past.progress + PROGRESS_EVERY_SECONDS)
        if len(window) >= MOST_EDITS - RESERVED_EDITS:
            due = max(due, window[0] + WINDOW_SECONDS)
        return due

    def _last(self, key: Message) -> float:
        return self._past.messages.get(key, float("-inf"))

    async def _send(self, key: Message) -> None:
        waiting = self._waiting.pop(key)
        try:
            # It may have waited for most of a minute, and its job be another replica's since.
            if waiting.confirm is not None:
                await waiting.confirm()
            self._count(waiting)
            await self._edit(*key, waiting.body)
        except StaleJob as error:
            log.info("edit not wanted any more", message=key[1], reason=str(error))
            waiting.end()
        except (ChatError, StorageUnavailable) as error:
            self._failed(key, waiting, error)
        except Exception:
            log.exception("an edit failed", channel=key[0], message=key[1])
            waiting.end()
        else:
            waiting.end(sent=True)
        self._past.messages[key] = self._clock.monotonic()
        while len(self._past.messages) > MOST_REMEMBERED:
            del self._past.messages[next(iter(self._past.messages))]

    def _count(self, waiting: _Waiting) -> None:
        now = self._clock.monotonic()
        self._past.window.append(now)
        if not waiting.urgent:
            self._past.progress = now

    def _failed(
        self, key: Message, waiting: _Waiting, error: ChatError | StorageUnavailable
    ) -> None:
        waiting.tries += 1
        log.warning("edit not sent", message=key[1], error=str(error), tries=waiting.tries)
        is_permanent = isinstance(error, ChatError) and error.permanent
        if is_permanent or not waiting.urgent or waiting.tries >= MOST_TRIES:
            waiting.end()
            return
        pause = min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2 ** (waiting.tries - 1))
        waiting.at = self._clock.monotonic() + pause
        newer = self._waiting.get(key)
        if newer is None:
            self._waiting[key] = waiting
        else:
            newer.urgent, newer.tries, newer.at = True, waiting.tries, waiting.at
            newer.landings += waiting.landings
