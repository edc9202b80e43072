"""Edits of cards: whatever is late or by somebody else, the last word is a true one."""

from collections.abc import Mapping
from functools import partial

import structlog

from bot.cards.posts import AWAY_SECONDS, Shown
from bot.catalog import Catalog
from bot.errands import Errands
from bot.errors import ChatError, StaleJob, StorageUnavailable
from bot.jobs import Job
from bot.messages.cards import Progress, card
from bot.ports import ChatPlatform, Clock, Landing, Storage
from bot.views import Card

log = structlog.get_logger()


class CardEdits:
    """Edits cards, under the lock of what is known of them."""

    def __init__(
        self,
        chats: Mapping[str, ChatPlatform],
        storage: Storage,
        catalog: Catalog,
        clock: Clock,
        errands: Errands,
    ) -> None:
        self._chats = chats
        self._storage = storage
        self._catalog = catalog
        self._clock = clock
        self._errands = errands

    def view(self, job: Job, progress: Progress) -> Card:
        return card(job, self._catalog.label(job.request.model), progress)

    async def edit(self, shown: Shown, job: Job, view: Card) -> None:
        """Edit a card; what lands later is looked at again then. Raises ChatError."""
        landing = await self._chats[job.owner.platform].update_card(
            job.channel, job.card or "", view, partial(self._confirm, view)
        )
        if landing is not None and landing is not shown.landing:
            shown.landing = landing
            landing.add_done_callback(partial(self._landed, shown, job))

    async def show_truth(self, shown: Shown, job: Job, progress: Progress) -> Card:
        """Edit the card until it shows what the row says, also when nobody answers meanwhile."""
        while True:
            view = self.view(job, progress)
            try:
                await self.edit(shown, job, view)
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

    async def _confirm(self, view: Card) -> None:
        """Raise StaleJob when a card is old: whoever has moved its job on shows that."""
        job = await self._storage.job(view.job_id)
        if job is not None and job.state is not view.state:
            raise StaleJob(f"job {job.id} is {job.state}, and no longer {view.state}")

    def _landed(self, shown: Shown, job: Job, landing: Landing) -> None:
        if landing.result() and not self._errands.is_stopped:
            self._errands.begin(self._look_again(shown, job), f"look at card of {job.id}")

    async def _look_again(self, shown: Shown, job: Job) -> None:
        """What lands late may have landed on the end that another replica has shown meanwhile."""
        async with shown.lock:
            now = await self._read_until_told(job)
            if shown.card is not None and now.state is shown.card.state:
                return
            try:
                shown.card = await self.show_truth(shown, now, Progress())
            except ChatError as error:
                log.warning("card perhaps not true", job=job.id, error=str(error))

    async def _read_until_told(self, job: Job) -> Job:
        while True:
            try:
                return await self._storage.job(job.id) or job
            except StorageUnavailable as error:
                log.warning("card perhaps not true", job=job.id, error=str(error))
            await self._clock.sleep(AWAY_SECONDS)
