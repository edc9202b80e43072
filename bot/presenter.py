"""Keeps the card of each job as true as its platform allows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.catalog import Catalog
from bot.errors import ChatError, StorageUnavailable
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.messages.cards import Progress, card
from bot.pauses import Pauses
from bot.ports import ChatPlatform, Clock, Landing, Storage
from bot.replica import Replica
from bot.views import Card

log = structlog.get_logger()

# A card's progress is edited at most this often; a change of state is shown at once.
EDIT_SECONDS = 5.0
# So many seconds pass between two such edits of any cards: Discord allows a bot 50 requests a second
# for everything that it does (https://discord.com/developers/docs/topics/rate-limits).
PROGRESS_SECONDS = 0.1
# The replica that accepted a job posts its card; when it has not by then, whoever has the job does.
FIRST_CARD_WITHIN = timedelta(seconds=10)
# So many cards are remembered: a replica that only listens never sees the ends of those it posts.
MOST_REMEMBERED = 20_000
# The database is asked again so often what is true.
AWAY_SECONDS = 0.5


@dataclass
class _Shown:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    card: Card | None = None
    ref: str | None = None
    at: float = 0.0
    landing: Landing | None = None


T = TypeVar("T")
# Shows a job that has just come to be.
Introduce = Callable[[Job, Progress], Awaitable[Job]]


class Presenter:
    """Posts a job's card once and edits it from then on."""

    def __init__(
        self,
        chats: Mapping[str, ChatPlatform],
        storage: Storage,
        catalog: Catalog,
        replica: Replica,
        clock: Clock,
        pauses: Pauses,
    ) -> None:
        self._chats = chats
        self._storage = storage
        self._catalog = catalog
        self._replica = replica
        self._clock = clock
        self._pauses = pauses
        self._shown: dict[str, _Shown] = {}
        self._progressed_at = 0.0
        self.under_way: set[asyncio.Task[Any]] = set()
        self._is_stopped = False

    async def stop(self) -> None:
        """Show nothing any more."""
        self._is_stopped = True
        for showing in self.under_way:
            showing.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)

    async def show(self, job: Job, progress: Progress | None = None) -> Job:
        """Bring the card up to date; a chat that fails is logged, the job goes on without."""
        # Who is stopped in the middle of an edit may be too late for it; the edit goes on to its end,
        # where it looks whether it was.
        return await asyncio.shield(self._begin(self._show_whole(job, progress or Progress())))

    async def progress(self, job: Job, progress: Progress) -> None:
        """Show how far a running job is, when that is worth an edit.

        Most of the answers to thousands of questions a minute are not; they cost next to nothing.
        """
        if self._may_show(job):
            await self.show(job, progress)

    def _begin(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    async def _show_whole(self, job: Job, progress: Progress) -> Job:
        shown = self._remembered(job.id)
        async with shown.lock:
            return await self._try(shown, job, progress)

    async def conclude(self, job: Job) -> Job:
        """Show a job's end; a chat that does not take it is asked again, for some minutes."""
        shown = self._remembered(job.id)
        try:
            async for attempt in self._pauses.attempts(self._clock):
                try:
                    async with shown.lock:
                        return await self._show(shown, job, Progress())
                except ChatError as error:
                    log.warning("end not shown", job=job.id, error=str(error), attempt=attempt)
                    if error.permanent:
                        break
            return job
        finally:
            self._shown.pop(job.id, None)

    @asynccontextmanager
    async def introducing(self, job_id: str) -> AsyncIterator[Introduce]:
        """Nobody else here shows a job that comes to be inside; its first card is an answer.

        A platform may turn what answers a command into the card, and only who answers can do so.
        """
        shown = self._remembered(job_id)
        try:
            async with shown.lock:
                yield partial(self._try, shown)
        finally:
            if shown.ref is None:  # it did not come to be, or could not be shown
                self._shown.pop(job_id, None)

    async def tell_offer_changed(self) -> None:
        """Tell every platform that other models are offered now."""
        for chat in self._chats.values():
            await chat.offer_changed()

    def _remembered(self, job_id: str) -> _Shown:
        while len(self._shown) >= MOST_REMEMBERED:
            self._shown.pop(next(iter(self._shown)))
        return self._shown.setdefault(job_id, _Shown())

    async def _try(self, shown: _Shown, job: Job, progress: Progress) -> Job:
        try:
            return await self._show(shown, job, progress)
        except ChatError as error:
            log.warning("card not shown", job=job.id, error=str(error))
            return job

    async def _show(self, shown: _Shown, job: Job, progress: Progress) -> Job:
        if job.card is None and shown.ref is not None:  # posted since the row was read
            job = replace(job, card=shown.ref)
        if job.card is None and await self._shown_elsewhere(job):
            return job
        self._replica.check()
        view = self._card(job, progress)
        chat = self._chats[job.owner.platform]
        if job.card is None:
            ref = await chat.post_card(job.channel, view, f"card:{job.id}")
            shown.ref = ref
            failpoint("card.posted")
            now = await self._storage.note_card(job.id, ref)
            if now.card is not None and now.card != ref:
                self._begin(self._take_back(job, ref))
                ref = shown.ref = now.card
            # Only a first card is sure to show what was just posted, and its job may have moved on.
            if now.state is not State.QUEUED:
                same = now.state is job.state
                view = await self._show_truth(shown, now, progress if same else Progress())
            job = replace(job, card=ref)
        elif self._is_due(view, shown):
            if job.holder == self._replica.id:
                await self._edit(shown, job, view)
            # Whoever has the job edits its card as well; the last word must be a true one.
            if job.holder != self._replica.id or not self._replica.holds:
                view = await self._show_truth(shown, job, progress)
        else:
            return job
        shown.card, shown.at = view, self._clock.monotonic()
        return job

    async def _take_back(self, job: Job, ref: str) -> None:
        """Another replica has posted this card as well, and was the first to note it.

        Who stands still right before it posts cannot be kept from it when it goes on too late.
        """
        log.info("second card taken back", job=job.id)
        async for _ in self._pauses.attempts(self._clock):
            try:
                chat = self._chats[job.owner.platform]
                await chat.remove_card(job.owner.workspace, job.channel, ref)
            except ChatError as error:
                log.warning("second card not taken back", job=job.id, error=str(error))
                if not error.permanent:
                    continue
            return

    async def _edit(self, shown: _Shown, job: Job, view: Card) -> None:
        landing = await self._chats[job.owner.platform].update_card(
            job.channel, job.card or "", view
        )
        if landing is not None and landing is not shown.landing:
            shown.landing = landing
            landing.add_done_callback(lambda _: self._look_again(shown, job))

    def _look_again(self, shown: _Shown, job: Job) -> None:
        if not self._is_stopped:
            self._begin(self._after_landing(shown, job))

    async def _after_landing(self, shown: _Shown, job: Job) -> None:
        """What lands late may have landed on the end that another replica has shown meanwhile."""
        async with shown.lock:
            now = await self._read_until_told(job)
            if shown.card is not None and now.state is shown.card.state:
                return
            try:
                shown.card = await self._show_truth(shown, now, Progress())
            except ChatError as error:
                log.warning("card perhaps not true", job=job.id, error=str(error))

    async def _show_truth(self, shown: _Shown, job: Job, progress: Progress) -> Card:
        """Edit the card until it shows what the row says, also when nobody answers meanwhile."""
        while True:
            view = self._card(job, progress)
            try:
                await self._edit(shown, job, view)
                now = await self._storage.job(job.id) or job
            except StorageUnavailable as error:
                log.warning("card perhaps not true", job=job.id, error=str(error))
                # By then it may have gone a long way: nothing old is shown again.
                now = await self._read_until_told(job)
            else:
                if now.state is view.state:
                    return view
            if now.state is not job.state:
                progress = Progress()
            job = now

    async def _read_until_told(self, job: Job) -> Job:
        while True:
            try:
                return await self._storage.job(job.id) or job
            except StorageUnavailable as error:
                log.warning("card perhaps not true", job=job.id, error=str(error))
            await self._clock.sleep(AWAY_SECONDS)

    def _card(self, job: Job, progress: Progress) -> Card:
        return card(job, self._catalog.label(job.request.model), progress)

    async def _shown_elsewhere(self, job: Job) -> bool:
        """Whether another replica is just about to post this card, in answer to a command."""
        by = job.accepted_by
        if by is None or by == self._replica.id or job.state.is_over:
            return False
        is_new = self._clock.now() - job.created_at < FIRST_CARD_WITHIN
        return is_new and await self._replica.is_live(by)

    def _is_due(self, view: Card, shown: _Shown) -> bool:
        """Whether an edit shows something new, and is not too soon after the last one."""
        if shown.card is None:
            # After a restart nobody knows what it shows; of one at work nearly always the truth.
            return view.state is not State.RUNNING or self._may_progress()
        if view.state is not shown.card.state or view.buttons != shown.card.buttons:
            return not shown.card.state.is_over
        is_early = self._clock.monotonic() - shown.at < EDIT_SECONDS
        return view != shown.card and not is_early and self._may_progress()

    def _may_show(self, job: Job) -> bool:
        """Whether an edit would be due, should there be anything new."""
        now, shown = self._clock.monotonic(), self._shown.get(job.id)
        if shown is not None and shown.card is not None:
            if shown.card.state is not job.state:
                return True
            if now - shown.at < EDIT_SECONDS:
                return False
        return now - self._progressed_at >= PROGRESS_SECONDS

    def _may_progress(self) -> bool:
        """Whether one more card may be edited for its progress, which it then is."""
        now = self._clock.monotonic()
        if now - self._progressed_at < PROGRESS_SECONDS:
            return False
        self._progressed_at = now
        return True
