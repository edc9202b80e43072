"""From a valid request to a job: checked, confirmed where it is dear, held, shown and queued."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.cards.presenter import Introduce, Presenter
from bot.commands.invocations import Origin
from bot.drafts import Draft, DraftState
from bot.errors import Blocked, NotEnoughCredits, StaleJob, StorageUnavailable, WordNotAllowed
from bot.failpoints import failpoint
from bot.jobs import Cause, Job, State
from bot.messages.approvals import confirmation
from bot.ports import Clock, DraftStorage, Once, QuotaStorage, Storage
from bot.quotas import Moderation
from bot.replica import Replica
from bot.requests import GenerationRequest
from bot.views import Notice
from bot.worker import Worker

log = structlog.get_logger()

# How long a question whether to run a dear job, or whether to ask an admin, stays open.
QUESTION_LIFETIME = timedelta(hours=1)


class Acceptance:
    """Every job comes into being here."""

    def __init__(
        self,
        *,
        storage: Storage,
        drafts: DraftStorage,
        quotas: QuotaStorage,
        presenter: Presenter,
        worker: Worker,
        replica: Replica,
        clock: Clock,
        moderation: Moderation,
    ) -> None:
        self._storage = storage
        self._drafts = drafts
        self._quotas = quotas
        self._presenter = presenter
        self._worker = worker
        self._replica = replica
        self._clock = clock
        self._moderation = moderation

    async def submit(
        self,
        origin: Origin,
        request: GenerationRequest,
        cause: Cause,
        job_id: str,
        *,
        parent: str | None = None,
        once: Sequence[Once] = (),
    ) -> Job | Notice:
        """Accept a request, or ask its owner first when it is dear; raises a Refused."""
        self.check_words(request.prompt)
        now = self._clock.now()
        keys = [*event_keys(origin), *once]
        job = new_job(job_id, origin, request, cause, parent, now)
        job = replace(job, accepted_by=self._replica.id)
        with not_begun():
            above = (await self._quotas.settings(origin.member.workspace)).confirm_above
        if above is not None and request.price > above:
            draft = draft_of(job, DraftState.UNCONFIRMED, now + QUESTION_LIFETIME)
            return confirmation(await self._save(draft, keys, now))
        async with self._presenter.introducing(job_id) as introduce:
            try:
                accepted = await self._accept(job, keys, now, origin.roles)
            except NotEnoughCredits as error:
                draft = draft_of(job, DraftState.REFUSED, now + QUESTION_LIFETIME)
                # Keys of their own: what is refused once may be asked for again with the same.
                apart = [replace(each, key=f"refused|{each.key}") for each in keys]
                error.draft = (await self._save(draft, apart, now)).id
                raise
            failpoint("accept.committed")
            if accepted.id != job_id:
                return accepted
            return await self._start(accepted, introduce)

    async def _accept(
        self, job: Job, once: Sequence[Once], now: datetime, roles: Sequence[str]
    ) -> Job:
        try:
            return await self._storage.accept(job, once, now, roles)
        except StorageUnavailable as error:
            # Only the answer may be lost: whoever asked again would pay for a second one.
            accepted = await self._storage.job(job.id)
            if accepted is None:
                raise
            log.warning("accepted unheard", job=job.id, error=str(error))
            return accepted

    async def _save(self, draft: Draft, once: Sequence[Once], now: datetime) -> Draft:
        try:
            return await self._drafts.save_draft(draft, once, now)
        except StorageUnavailable:
            saved = await self._drafts.draft(draft.id)
            if saved is None:
                raise
            return saved

    async def check_owner(self, origin: Origin) -> None:
        """Refuse whoever may use nothing, before anything is done for them; raises Blocked."""
        now = self._clock.now()
        with not_begun():
            balance = await self._quotas.balance(origin.member, now, origin.roles)
        if balance.allowance.blocked:
            raise Blocked(balance.scope)

    def check_words(self, prompt: str) -> None:
        """Refuse a prompt for its words alone; raises WordNotAllowed."""
        word = self._moderation.word_in(prompt)
        if word is not None:
            raise WordNotAllowed(word)

    async def start(self, job: Job) -> Job:
        """Show an accepted job's card and let it take its turn."""
        return await self._start(job, self._presenter.show)

    async def _start(self, job: Job, show: Introduce) -> Job:
        log.info("accepted", job=job.id, model=job.request.model, price=job.request.price)
        try:
            job = await show(job, await self._worker.lineup.progress_of(job))
        except (StaleJob, StorageUnavailable) as error:
            # It is accepted, whatever its owner is told now: whoever carries it shows its card.
            log.warning("card not shown yet", job=job.id, error=str(error))
        self._worker.wake()
        return job

    def job_of(self, draft: Draft, now: datetime) -> Job:
        """The job that a draft becomes."""
        return replace(job_of(draft, now), accepted_by=self._replica.id)


@contextmanager
def not_begun() -> Iterator[None]:
    """A database that is away in here is so before anything was written."""
    try:
        yield
    except StorageUnavailable as error:
        error.begun = False
        raise


def new_job(
    job_id: str,
    origin: Origin,
    request: GenerationRequest,
    cause: Cause,
    parent: str | None,
    now: datetime,
) -> Job:
    """A job that is about to be accepted."""
    return Job(
        id=job_id,
        owner=origin.member,
        channel=origin.channel,
        request=request,
        state=State.QUEUED,
        created_at=now,
        cause=cause,
        parent=parent,
    )


def job_of(draft: Draft, now: datetime) -> Job:
    """The job that a draft becomes."""
    origin = Origin(draft.owner, draft.channel)
    return new_job(draft.id, origin, draft.request, draft.cause, draft.parent, now)


def draft_of(job: Job, state: DraftState, expires_at: datetime) -> Draft:
    """A job that waits for a word before it comes to be."""
    return Draft(
        job.id, job.owner, job.channel, job.request, job.cause, job.parent, state, expires_at
    )


def event_keys(origin: Origin) -> list[Once]:
    """What a platform's event is known by, so that it counts once however often it comes."""
    if origin.event is None:
        return []
    known = (Once(origin.event, origin.event_window), *origin.also)
    return [Once(f"{origin.member.workspace}|event|{each.key}", each.window) for each in known]
