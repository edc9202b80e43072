"""The use cases that every platform calls: one call for one thing a person did."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from bot import errors
from bot.acceptance import Acceptance
from bot.answers import Answers
from bot.approvals import RAISE_CREDITS, Approvals
from bot.catalog import Catalog
from bot.credits import Balance, Outcome
from bot.follow_ups import follow_up
from bot.invocations import Invocation, Origin
from bot.jobs import Cause, Job, Member, State
from bot.messages import replies
from bot.ports import Clock, Library, Once, Storage
from bot.presenter import Presenter
from bot.quota_desk import QuotaDesk
from bot.requests import Media
from bot.validation import MOST_SEED, build_request
from bot.views import Notice
from bot.worker import Worker

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
        acceptance: Acceptance,
        approvals: Approvals,
        answers: Answers,
        quota_desk: QuotaDesk,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._catalog = catalog
        self._library = library
        self._presenter = presenter
        self._worker = worker
        self._acceptance = acceptance
        self._approvals = approvals
        self._answers = answers
        self._quota_desk = quota_desk
        self._clock = clock

    async def run(self, invocation: Invocation) -> Job | Notice:
        """Do what a command asks for."""
        if invocation.spec.admin and not invocation.origin.admin:
            raise errors.AdminsOnly("manage quotas")
        if invocation.spec.generates:
            return await self._generate(invocation)
        if invocation.spec.name == "cancel":
            return await self._cancel(invocation)
        if invocation.spec.admin:
            return await self._quota_desk.answer(invocation)
        return await self._answers.answer(invocation)

    async def press(self, origin: Origin, action: str, subject: str) -> Job | Notice:
        """Do what a button or a reaction asks for; `subject` is its message's job or draft.

        Raises KeyError for an action that there is not.
        """
        match action:
            case "retry" | "upscale" | "animate":
                return await self.act(origin, Cause(action), subject)
            case "cancel":
                return await self.cancel(origin, subject)
            case "confirm":
                return await self._approvals.confirm(origin, subject)
            case "forget":
                return await self._approvals.forget(origin, subject)
            case "ask":
                return await self._approvals.ask(origin, subject)
            case "approve":
                return await self._approvals.approve(origin, subject)
            case "raise":
                return await self._approvals.approve(origin, subject, RAISE_CREDITS)
            case "deny":
                return await self._approvals.deny(origin, subject)
            case _:
                raise KeyError(action)

    async def act(self, origin: Origin, action: Cause, job_id: str) -> Job | Notice:
        """Do what a button or a reaction asks for, charged to who pressed it."""
        job = await self._find(origin, job_id)
        request = follow_up(self._catalog, job, action, pick_seed)
        same = Once(f"{origin.member.workspace}|{origin.member.id}|{action}|{job_id}", ONCE_WINDOW)
        return await self._acceptance.submit(
            origin, request, action, new_job_id(), parent=job.id, once=[same]
        )

    async def balance(self, origin: Origin) -> Balance:
        """Where a member stands."""
        return await self._answers.balance(origin)

    async def recent_jobs(self, origin: Origin, limit: int) -> list[Job]:
        """A member's jobs, the newest first."""
        return await self._storage.recent(origin.member, limit)

    async def cancel(self, origin: Origin, job_id: str) -> Job:
        """Cancel a job: free while it is queued, else as Runway's rules have it."""
        job = await self._find(origin, job_id)
        if job.owner != origin.member and not origin.admin:
            raise errors.NotYours(job_id)
        if job.state is State.QUEUED:
            try:
                job = await self._storage.finish(
                    job, State.CANCELLED, Outcome.NEVER_SENT, self._clock.now()
                )
            except errors.StaleJob:
                return await self.cancel(origin, job_id)
            self._worker.wake()
        elif job.state in (State.SUBMITTING, State.RUNNING):
            job = await self._storage.note(job.id, cancel_requested=True)
            await self._worker.cancel(job)
        else:
            raise errors.AlreadyOver(job_id, _how_it_ended(job.state))
        job = await self._presenter.show(job)
        return await self._storage.note(job.id, told=True) if job.state.is_over else job

    async def _generate(self, invocation: Invocation) -> Job | Notice:
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
            answer = await self._acceptance.submit(origin, request, Cause.COMMAND, job_id)
        except errors.Refused as error:
            if not _may_run_later(error):
                await self._discard(medias)
            raise
        if isinstance(answer, Job) and answer.id != job_id:
            await self._discard(medias)
        return answer

    async def _discard(self, medias: Sequence[Media]) -> None:
        for media in medias:
            await self._library.discard(media)

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


def _may_run_later(error: errors.Refused) -> bool:
    """Whether an admin can still be asked, so that the files must be kept."""
    return isinstance(error, errors.NotEnoughCredits) and error.draft is not None


def new_job_id() -> str:
    return "".join(secrets.choice(_JOB_ID_LETTERS) for _ in range(JOB_ID_LENGTH))


def pick_seed() -> int:
    return secrets.randbelow(MOST_SEED + 1)


def _how_it_ended(state: State) -> str:
    return "finished" if state in (State.COLLECTING, State.DELIVERING) else state.value
