"""The use cases that every platform calls: one call for one thing a person did."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot import errors
from bot.answers import Answers
from bot.catalog import Catalog
from bot.credits import Balance, Outcome
from bot.failpoints import failpoint
from bot.follow_ups import follow_up
from bot.invocations import Invocation, Origin
from bot.jobs import Cause, Job, Member, State
from bot.messages import replies
from bot.ports import Clock, Library, Once, Storage
from bot.presenter import Presenter
from bot.requests import GenerationRequest, Media
from bot.validation import MOST_SEED, build_request
from bot.views import Notice
from bot.worker import Worker

log = structlog.get_logger()

# The same person asking for the same action on the same message within this time is one request.
ONCE_WINDOW = timedelta(seconds=3)
# Short enough to read out, and 32^10 of them.
JOB_ID_LENGTH = 10
_JOB_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


class Service:
    """Answers with the accepted job, or with a private notice; a refusal is raised."""

    def __init__(
        self,
        *,
        storage: Storage,
        catalog: Catalog,
        library: Library,
        presenter: Presenter,
        worker: Worker,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._catalog = catalog
        self._library = library
        self._presenter = presenter
        self._worker = worker
        self._answers = answers
        self._clock = clock

    async def run(self, invocation: Invocation) -> Job | Notice:
        """Do what a command asks for."""
        if invocation.spec.admin and not invocation.origin.admin:
            raise errors.AdminsOnly("manage quotas")
        if invocation.spec.generates:
            return await self._generate(invocation)
        if invocation.spec.name == "cancel":
            return await self._cancel(invocation)
        return await self._answers.answer(invocation)

    async def act(self, origin: Origin, action: Cause, job_id: str) -> Job:
        """Do what a button or a reaction asks for, charged to who pressed it."""
        job = await self._find(origin, job_id)
        request = follow_up(self._catalog, job, action, pick_seed)
        same = Once(f"{origin.member.workspace}|{origin.member.id}|{action}|{job_id}", ONCE_WINDOW)
        return await self._accept(origin, request, action, parent=job.id, once=[same])

    async def balance(self, member: Member) -> Balance:
        """Where a member stands."""
        return await self._storage.balance(member, self._clock.now())

    async def cancel(self, origin: Origin, job_id: str) -> Job:
        """Cancel a job: free while it is queued, else as Runway's rules have it."""
        job = await self._find(origin, job_id)
        if job.owner != origin.member and not origin.admin:
            raise errors.NotYours(job_id)
        if job.state is State.QUEUED:
            try:
                job = await self._storage.finish(
                    job, State.CANCELLED, Outcome.NEVER_SENT, self._clock.now(), told=True
                )
            except errors.StaleJob:
                return await self.cancel(origin, job_id)
            self._worker.wake()
        elif job.state in (State.SUBMITTING, State.RUNNING):
            job = await self._storage.note(job.id, cancel_requested=True)
            await self._worker.cancel(job)
        else:
            raise errors.AlreadyOver(job_id, _how_it_ended(job.state))
        return await self._presenter.show(job)

    async def _generate(self, invocation: Invocation) -> Job:
        origin, job_id = invocation.origin, new_job_id()
        medias = [
            await self._library.look_into(file.path, file.name, f"inputs/{job_id}/{number}")
            for number, file in enumerate(invocation.files)
        ]
        prompt = invocation.arguments.get("prompt", "")
        request = build_request(
            self._catalog, invocation.spec, prompt, invocation.options, medias, pick_seed
        )
        for media, file in zip(medias, invocation.files, strict=True):
            await self._library.keep(media, file.path)
        try:
            job = await self._accept(origin, request, Cause.COMMAND, job_id=job_id)
        except errors.Refused:
            await self._discard(medias)
            raise
        if job.id != job_id:
            await self._discard(medias)
        return job

    async def _discard(self, medias: Sequence[Media]) -> None:
        for media in medias:
            await self._library.discard(media)

    async def _accept(
        self,
        origin: Origin,
        request: GenerationRequest,
        cause: Cause,
        *,
        job_id: str | None = None,
        parent: str | None = None,
        once: Sequence[Once] = (),
    ) -> Job:
        now = self._clock.now()
        job = Job(
            id=job_id or new_job_id(),
            owner=origin.member,
            channel=origin.channel,
            request=request,
            state=State.QUEUED,
            created_at=now,
            cause=cause,
            parent=parent,
        )
        keys = [Once(f"{origin.member.workspace}|event|{origin.event}")] if origin.event else []
        accepted = await self._storage.accept(job, [*keys, *once], now)
        failpoint("accept.committed")
        if accepted.id == job.id:
            log.info("accepted", job=job.id, model=request.model, price=request.price)
            progress = await self._worker.progress_of(accepted)
            accepted = await self._presenter.show(accepted, progress)
            self._worker.wake()
        return accepted

    async def _find(self, origin: Origin, job_id: str) -> Job:
        job = await self._storage.job(job_id)
        if job is None or job.owner.workspace != origin.member.workspace:
            raise errors.NoSuchJob(job_id)
        return job

    async def _cancel(self, invocation: Invocation) -> Notice:
        origin = invocation.origin
        job_id = invocation.arguments.get("job") or await self._latest_cancellable(origin.member)
        return Notice(replies.cancelled_text(await self.cancel(origin, job_id)))

    async def _latest_cancellable(self, member: Member) -> str:
        jobs = await self._storage.active(member.workspace)
        states = (State.QUEUED, State.SUBMITTING, State.RUNNING)
        own = [job.id for job in jobs if job.owner == member and job.state in states]
        return own[-1] if own else ""


def new_job_id() -> str:
    return "".join(secrets.choice(_JOB_ID_LETTERS) for _ in range(JOB_ID_LENGTH))


def pick_seed() -> int:
    return secrets.randbelow(MOST_SEED + 1)


def _how_it_ended(state: State) -> str:
    return "finished" if state in (State.COLLECTING, State.DELIVERING) else state.value
