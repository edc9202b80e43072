"""Live updates: each open page has a queue of what it has yet to be told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# A page that does not read loses its queue and starts over with a full list.
MOST_UNREAD = 500

Event = tuple[str, dict[str, Any]]


class Hub:
    """Hands events to every open page that may see them."""

    def __init__(self) -> None:
        self._pages: list[_Page] = []

    @contextmanager
    def page(self, audience: Sequence[str]) -> Iterator["_Page"]:
        """An open page, for public events and those that are private to the audience."""
        page = _Page(audience)
        self._pages.append(page)
        try:
            yield page
        finally:
            self._pages.remove(page)

    def publish(self, event: str, data: dict[str, Any], private_to: str | None) -> None:
        for page in self._pages:
            if private_to is None or private_to in page.audience:
                page.put((event, data))


class _Page:
    """One open page."""

    def __init__(self, audience: Sequence[str]) -> None:
        self.audience = audience
        self._unread: asyncio.Queue[Event] = asyncio.Queue(MOST_UNREAD)

    def put(self, event: Event) -> None:
        if self._unread.full():
            while not self._unread.empty():
                self._unread.get_nowait()
            event = ("resync", {})
        self._unread.put_nowait(event)

    async def read(self, heartbeat: float) -> AsyncIterator[Event | None]:
        """Events as they come; None after `heartbeat` quiet seconds."""
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    event = await self._unread.get()
            except TimeoutError:
                yield None
            else:
                yield event


def event_bytes(name: str, data: dict[str, Any]) -> bytes:
    """An event as a page that listens reads it."""
    number = f"id: {data['revision']}\n" if "revision" in data else ""
    return f"{number}event: {name}\ndata: {json.dumps(data)}\n\n".encode()
