"""The playground under chaos: any replica's page, and the rows that its messages are kept in."""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.actor import Actor
from tests.chaos.faults import Fault
from tests.chaos.rows import Rows
from tests.scenario.page import Message, Page

ANSWER_SECONDS = 5.0
MOST_TRIES = 40


@dataclass
class PlaygroundChat:
    """Has no server of its own, so nothing of it can be down that is not a replica."""

    rows: Rows
    session: aiohttp.ClientSession
    rng: random.Random
    actors: list[Actor] = field(default_factory=list)
    members: Sequence[str] = ("ada", "ben", "chloe")
    faults: Sequence[Fault] = ()
    gone: Collection[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    _accepted: list[str] = field(default_factory=list)

    async def ask(self, event: str, prompt: str, member: str) -> bool:
        """One command, by one event, until somebody answers it: as platforms redeliver."""
        for _ in range(MOST_TRIES):
            status = await self._command(f"/imagine {prompt} --ratio 720:720", member, event)
            if status == 202:
                self._accepted.append(event)
            if status == 202 or 400 <= status < 500:
                return True
            await asyncio.sleep(0.2)
        return False

    async def cancel(self, job: str, member: str) -> None:
        await self._command(f"/cancel {job}", member, None)

    async def listening(self) -> None:
        """Whoever is ready is also heard."""

    async def messages(self) -> list[Message]:
        return [
            {**message, "files": [file["name"] for file in message.get("attachments") or ()]}
            for message in await self.rows.messages()
        ]

    async def accepted(self) -> Sequence[str]:
        return self._accepted

    def complaints(self) -> Sequence[str]:
        return ()

    def book(self) -> object:
        """Its book are our own rows."""
        return None

    async def close(self) -> None:
        """Nothing is open."""

    async def _command(self, text: str, member: str, event: str | None) -> int:
        """The status of the answer; 0 when there was none."""
        urls = [actor.url for actor in self.actors if actor.url]
        if not urls:
            return 0
        page = Page(self.rng.choice(urls), self.session)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, _ = await page.command(text, member, event=event)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0
        return status
