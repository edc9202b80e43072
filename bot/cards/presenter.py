"""Keeps the card of each job as true as its platform allows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import structlog

from bot.cards.edits import CardEdits
from bot.cards.posts import CardPosts, Shown
from bot.catalog import Catalog
from bot.errands import Errands
from bot.errors import ChatError, StaleJob, StorageUnavailable
from bot.jobs import Job, State
from bot.messages.cards import Progress
from bot.ports import ChatPlatform, Clock, Storage
from bot.replica import Replica
from bot.timing.pauses import Pauses
from bot.views import Card

log = structlog.get_logger()

# A card's progress is edited at most this often; a change of state is shown sooner.
EDIT_SECONDS = 5.0
# So many seconds pass between two such edits of any cards: Discord allows a bot 50 requests a second
# for everything that it does (https://discord.com/developers/docs/topics/rate-limits).
PROGRESS_SECONDS = 0.1
# A state that passes sooner is not shown: most jobs are submitted, collected and delivered within
# moments, and every edit counts against the limits of a channel.
SETTLED_SECONDS = 0.3
# So many cards are remembered: a replica that only listens never sees the ends of those it posts.
MOST_REMEMBERED = 20_000

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
        self._replica = replica
        self._clock = clock
        self._pauses = pauses
        self._shown: dict[str, Shown] = {}
        self._progressed_at = 0.0
        self.errands = Errands()
        self._posts = CardPosts(chats, storage, replica, clock, pauses, self.errands)
        self._edits = CardEdits(chats, storage, catalog, clock, self.errands)

    async def stop(self) -> None:
        """Show nothing any more."""
        await self.errands.stop()

    async def show(self, job: Job, progress: Progress | None = None) -> Job:
        """Bring the card up to date; a chat that fails is logged, the job goes on without."""
        # Who is stopped in the middle of an edit may be too late for it; the edit goes on to its end,
        # where it looks whether it was.
        return await asyncio.shield(
            self.errands.begin(self._show_whole(job, progress or Progress()), f"card of {job.id}")
        )

    async def keep_up(self, job: Job) -> Job:
        """Show where a job has got to, unless it goes on at once; nobody waits for the edit.

        Raises StaleJob without a lease.
        """
        if job.card is None:
            return await self.show(job)
        self._replica.check()
        self.errands.begin(self._show_settled(self._at(job), job), f"card of {job.id}")
        return job

    def progress(self, job: Job, progress: Progress) -> None:
        """Show how far a running job is, when that is worth an edit; no question waits for it.

        Most of the answers to thousands of questions a minute are not; they cost next to nothing.
        """
        if self._may_show(job):
            self.errands.begin(self._show_newest(self._at(job), job, progress), f"card of {job.id}")

    def _at(self, job: Job) -> Shown:
        """What is known of the card of a job that has got to this state."""
        shown = self._remembered(job.id)
        shown.newest = job.state
        return shown

    async def _show_settled(self, shown: Shown, job: Job) -> None:
        await self._clock.sleep(SETTLED_SECONDS)
        await self._show_newest(shown, job, Progress())

    async def _show_newest(self, shown: Shown, job: Job, progress: Progress) -> None:
        async with shown.lock:
            if shown.newest is not job.state:
                return
            try:
                await self._try(shown, job, progress)
            except (StaleJob, StorageUnavailable) as error:
                log.warning("card not shown", job=job.id, error=str(error))

    async def _show_whole(self, job: Job, progress: Progress) -> Job:
        shown = self._remembered(job.id)
        async with shown.lock:
            return await self._try(shown, job, progress)

    async def conclude(self, job: Job) -> Job:
        """Show a job's end; a chat that does not take it is asked again, for some minutes."""
        shown = self._at(job)
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

    def _remembered(self, job_id: str) -> Shown:
        while len(self._shown) >= MOST_REMEMBERED:
            self._shown.pop(next(iter(self._shown)))
        return self._shown.setdefault(job_id, Shown())

    async def _try(self, shown: Shown, job: Job, progress: Progress) -> Job:
        try:
            return await self._show(shown, job, progress)
        except ChatError as error:
            log.warning("card not shown", job=job.id, error=str(error))
            return job

    async def _show(self, shown: Shown, job: Job, progress: Progress) -> Job:
        if job.card is None and shown.ref is not None:  # posted since the row was read
            job = replace(job, card=shown.ref)
        if job.card is None and await self._posts.are_elsewhere(shown, job):
            return job
        self._replica.check()
        view = self._edits.view(job, progress)
        if job.card is None:
            now = await self._posts.post(shown, job, view)
            # Only a first card is sure to show what was just posted, and its job may have moved on.
            if now.state is not State.QUEUED:
                same = now.state is job.state
                view = await self._edits.show_truth(shown, now, progress if same else Progress())
            job = replace(job, card=shown.ref)
        elif self._is_due(view, shown):
            if job.holder == self._replica.id:
                await self._edits.edit(shown, job, view)
            # Whoever has the job edits its card as well; the last word must be a true one.
            if job.holder != self._replica.id or not self._replica.holds:
                view = await self._edits.show_truth(shown, job, progress)
        else:
            return job
        shown.card, shown.at = view, self._clock.monotonic()
        return job

    def _is_due(self, view: Card, shown: Shown) -> bool:
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
        if shown is not None and shown.lock.locked():
            return False
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
