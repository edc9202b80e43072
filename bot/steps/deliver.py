"""The result into the chat, once, and the end of every job to its owner."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.cards.follow_ups import offered_follow_ups
from bot.catalog import Catalog
from bot.credits import Outcome, settle
from bot.errors import ChatError
from bot.failpoints import failpoint
from bot.jobs import Job, State
from bot.messages import cards
from bot.ports import ChatPlatform, Clock, Confirm, QuotaStorage, Storage
from bot.replica import Replica
from bot.timing.pauses import Pauses
from bot.views import Notice, Result

log = structlog.get_logger()


class Delivery:
    """Posts results. A message's key makes a second attempt find the first one's message.

    `patience` is for what a job ends with, which a chat that is away for hours gets all the same;
    `pauses` are for what somebody waits for.
    """

    def __init__(
        self,
        storage: Storage,
        quotas: QuotaStorage,
        chats: Mapping[str, ChatPlatform],
        catalog: Catalog,
        replica: Replica,
        clock: Clock,
        pauses: Pauses,
        patience: Pauses,
    ) -> None:
        self._storage = storage
        self._quotas = quotas
        self._chats = chats
        self._catalog = catalog
        self._replica = replica
        self._clock = clock
        self._pauses = pauses
        self._patience = patience
        self._notified: set[str] = set()

    async def deliver(self, job: Job, *, is_first: bool) -> Job:
        """Post a job's result and settle; it comes back delivered or undeliverable.

        `is_first`: it was us who have just written down that it is about to be posted, so that
        nobody can have posted it yet.
        """
        failpoint("deliver.intended")
        view = await self._result(job)
        key, confirm = f"result:{job.id}", partial(self._confirm, job)
        message = await self._post(job, view, key, confirm, self._patience, is_first=is_first)
        failpoint("deliver.posted")
        now = self._clock.now()
        if message is None:
            return await self._storage.finish(
                job, State.UNDELIVERABLE, Outcome.UNDELIVERABLE, now, job.cost, failure="DELIVERY"
            )
        job = await self._storage.finish(
            job, State.DELIVERED, Outcome.DELIVERED, now, job.cost, result=message
        )
        failpoint("deliver.settled")
        return job

    async def again(self, job: Job, key: str, asked_at: datetime) -> bool:
        """Post a kept result once more, under a key of its own; False where the chat takes nothing."""
        view = replace(await self._result(job), again=asked_at)
        message = await self._post(job, view, key, self._confirm_lease, self._pauses)
        if message is not None:
            await self._storage.note(job.id, result=message)
        return message is not None

    async def post_end(self, job: Job) -> Job:
        """Tell the owner why there is no result, and what it cost; a card says it all for others."""
        if job.state not in (State.FAILED, State.UNCERTAIN) or job.result is not None:
            return job
        view = self._failure(job)
        key, confirm = f"end:{job.id}", partial(self._confirm, job)
        message = await self._post(job, view, key, confirm, self._patience)
        failpoint("end.posted")
        if message is None:  # the channel is gone, or we are not let in any more
            await self._notify_once(job, view)
        return await self._storage.note(job.id, result=message)

    async def finish(self, job: Job) -> Job:
        """Nothing is left to be shown of a job; who cannot see its result in the chat is told."""
        if job.state is State.UNDELIVERABLE:
            await self._notify_once(job, self._failure(job))
        told = await self._storage.note(job.id, told=True)
        self._notified.discard(job.id)
        log.info("over", job=job.id, state=job.state.value, charged=job.charged)
        return told

    def _failure(self, job: Job) -> Result:
        return cards.failure(job, offered_follow_ups(self._catalog, job))

    async def _result(self, job: Job) -> Result:
        try:
            roles = await self._chats[job.owner.platform].roles_of(job.owner)
        except ChatError:
            roles = ()  # what is left may then be told too low; the books know better
        now = self._clock.now()
        if job.state.is_over:
            charged, balance = job.charged, await self._quotas.balance(job.owner, now, roles)
        else:
            # The hold is still there; what is not captured of it is about to be free again.
            charged = settle(Outcome.DELIVERED, job.request.price, job.cost).captured
            balance = await self._quotas.balance_after(job, charged, now, roles)
        delivered = replace(job, state=State.DELIVERED, charged=charged)
        follow_ups = offered_follow_ups(self._catalog, delivered)
        return cards.result(
            delivered, self._catalog.label(job.request.model), balance.left, follow_ups
        )

    async def _post(
        self,
        job: Job,
        view: Result,
        key: str,
        confirm: Confirm,
        pauses: Pauses,
        *,
        is_first: bool = False,
    ) -> str | None:
        async for attempt in pauses.attempts(self._clock):
            try:
                chat = self._chats[job.owner.platform]
                return await chat.deliver(job.channel, view, key, confirm, is_first=is_first)
            except ChatError as error:
                is_first = False
                log.warning("not posted", job=job.id, error=str(error), attempt=attempt)
                if error.permanent:
                    return None
        return None

    async def _confirm(self, job: Job) -> None:
        """Raise StaleJob when the job may be another replica's: it would post this, too."""
        await self._storage.confirm(job, self._replica.id)
        self._replica.check()
        failpoint("deliver.checked")

    async def _confirm_lease(self) -> None:
        """Raise StaleJob when another replica may lead by now: a job that is over is nobody's."""
        self._replica.check()

    async def _notify_once(self, job: Job, view: Result) -> None:
        """A private word has no key, and while the database is away we come by here again and again."""
        if job.id not in self._notified:
            await self._notify(job, view)
            self._notified.add(job.id)

    async def _notify(self, job: Job, view: Result) -> None:
        notice = Notice(view.text, view.buttons, job.id)
        async for attempt in self._pauses.attempts(self._clock):
            try:
                await self._chats[job.owner.platform].notify(job.owner, job.channel, notice)
            except ChatError as error:
                log.warning("owner not told", job=job.id, error=str(error), attempt=attempt)
                if not error.permanent:
                    continue
            return
