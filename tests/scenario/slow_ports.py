"""A clock, a chat, a storage and a Runway that take their time where a test says so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.errors import StorageUnavailable
from bot.jobs import Job, Member, State
from bot.ports import Confirm, Landing, Once, Subject, Task
from bot.requests import GenerationRequest
from bot.runway.client import RunwayClient
from bot.views import Card, Notice, Result
from storage.database import Database
from storage.rules import Defaults
from storage.storage import SqlStorage


class OwnClock(SystemClock):
    """A replica's own clock, in which it may have slept."""

    slept = 0.0
    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.slept


class HurriedClock(SystemClock):
    """A clock whose waits take no time once a test is in a hurry; `waited` in seconds."""

    hurries = False
    waited = 0.0

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds
        await super().sleep(0.0 if self.hurries else seconds)


class SlowChat:
    """A chat platform on which a test decides what happens before an edit goes through."""

    def __init__(self) -> None:
        self.before_edit: Callable[[Card], Awaitable[None]] | None = None
        self.before_confirm: Callable[[Card], Awaitable[None]] | None = None
        self.before_post: Callable[[Card], Awaitable[None]] | None = None
        self.after_delivery: Callable[[], Awaitable[None]] | None = None
        self.before_delivery: Callable[[], Awaitable[None]] | None = None
        self.asked_to_deliver = asyncio.Event()
        self.delivered: list[str] = []
        self.notified: list[str] = []
        self.shown: list[State] = []
        self.removed: list[str] = []
        self.edited: set[str] = set()
        self.lands_later = False
        self.flying: list[tuple[Card, Confirm, Landing]] = []
        self.posted_by: list[asyncio.Task[Any] | None] = []

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        self.posted_by.append(asyncio.current_task())
        if self.before_confirm is not None:
            await self.before_confirm(card)
        await confirm()
        if self.before_post is not None:
            await self.before_post(card)
        self.shown.append(card.state)
        return key

    async def update_card(
        self, channel: str, message: str, card: Card, confirm: Confirm
    ) -> Landing | None:
        if self.before_edit is not None:
            await self.before_edit(card)
        if self.lands_later:
            landing: Landing = asyncio.get_running_loop().create_future()
            self.flying.append((card, confirm, landing))
            return landing
        self.shown.append(card.state)
        self.edited.add(message)
        return None

    def land(self) -> None:
        """Show what was only taken so far."""
        for card, _, landing in self.flying:
            self.shown.append(card.state)
            landing.set_result(True)

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        self.removed.append(message)

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        self.asked_to_deliver.set()
        if self.before_delivery is not None:
            await self.before_delivery()
        await confirm()
        self.delivered.append(key)
        if self.after_delivery is not None:
            await self.after_delivery()
        return key

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        self.notified.append(member.id)

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        return key

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        return

    async def offer_changed(self) -> None:
        return

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        return None

    async def find_channel(self, workspace: str, text: str) -> str | None:
        return None

    async def name_of(self, member: Member) -> str:
        return member.id

    async def roles_of(self, member: Member) -> Sequence[str]:
        return ()


class SlowStorage(SqlStorage):
    """Storage in which a test decides what happens between a commit and the news of it."""

    after_accept: Callable[[Job], Awaitable[None]] | None = None
    before_cancel: Callable[[], Awaitable[None]] | None = None
    after_intent: Callable[[], Awaitable[None]] | None = None
    after_running: Callable[[Job], Awaitable[None]] | None = None
    loses_cards: int = 0
    loses_ends: int = 0
    is_away = False

    def __init__(self, database: Database, defaults: Defaults) -> None:
        super().__init__(database, defaults)
        self.missed = asyncio.Event()

    async def advance(self, job: Job, to: State, **changes: Any) -> Job:
        if self.is_away:
            self.missed.set()
            raise StorageUnavailable("away while a job moves on")
        moved = await super().advance(job, to, **changes)
        if to is State.SUBMITTING and self.after_intent is not None:
            await self.after_intent()
        if to is State.RUNNING and self.after_running is not None:
            await self.after_running(moved)
        return moved

    async def note_card(self, job_id: str, card: str) -> Job:
        if self.loses_cards:
            self.loses_cards -= 1
            raise StorageUnavailable("away while a card is noted")
        return await super().note_card(job_id, card)

    async def note(self, job_id: str, **changes: Any) -> Job:
        if changes.get("cancel_requested") and self.before_cancel is not None:
            await self.before_cancel()
        if changes.get("told") and self.loses_ends:
            self.loses_ends -= 1
            raise StorageUnavailable("away while an end is noted")
        return await super().note(job_id, **changes)

    async def accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str] = ()
    ) -> Job:
        accepted = await super().accept(job, once, now, roles)
        if self.after_accept is not None:
            await self.after_accept(accepted)
        return accepted


class SlowRunway(RunwayClient):
    """A client to which Runway's answers come when a test lets them."""

    before_answer: Callable[[], Awaitable[object]] | None = None
    before_look: Callable[[], Awaitable[object]] | None = None

    async def task(self, task_id: str) -> Task:
        if self.before_look is not None:
            await self.before_look()
        return await super().task(task_id)

    async def create(self, request: GenerationRequest, uris: Mapping[str, str]) -> str:
        task_id = await super().create(request, uris)
        if self.before_answer is not None:
            await self.before_answer()
        return task_id
