"""The use cases that every platform calls: one call for one thing a person did."""

from collections.abc import Sequence

from bot import errors
from bot.cards.follow_ups import ACTIONS as FOLLOW_UPS
from bot.cards.follow_ups import options_of
from bot.cards.presenter import Presenter
from bot.commands.invocations import Invocation, Origin, SentFile
from bot.commands.specification import command_of
from bot.credits import Balance, Outcome
from bot.desk.acceptance import event_keys, not_begun
from bot.desk.answers import Answers
from bot.desk.approvals import RAISE_CREDITS, Approvals
from bot.desk.door import Door
from bot.desk.generation import Generation
from bot.desk.quotas import QuotaDesk
from bot.jobs import CANCELLABLE, Cause, Job, Member, State, written_id
from bot.messages import replies
from bot.ports import Clock, Storage
from bot.requests import Kind
from bot.views import Notice
from bot.worker import Worker

# How often, and after how many seconds each time, a row is looked at again that its message is
# ahead of.
SETTLING_LOOKS = 20
SETTLING_SECONDS = 0.1
# What makes a job out of a message: only where its result can be posted.
MAKING = frozenset({*map(str, FOLLOW_UPS), "confirm"})
# Once they have been pressed there is nothing left to press.
DECIDING = frozenset({"confirm", "forget", "ask"})
# What admins decide; the answer is their message itself, which changes.
OF_ADMINS = frozenset({"approve", "raise", "deny"})
# All that buttons and reactions ask for.
ACTIONS = MAKING | DECIDING | OF_ADMINS | {"cancel"}


class Service:
    """Answers with the accepted job, or with a private notice; a refusal is raised."""

    def __init__(
        self,
        *,
        storage: Storage,
        presenter: Presenter,
        worker: Worker,
        generation: Generation,
        approvals: Approvals,
        answers: Answers,
        quota_desk: QuotaDesk,
        door: Door,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._presenter = presenter
        self._worker = worker
        self._generation = generation
        self._approvals = approvals
        self._answers = answers
        self._quota_desk = quota_desk
        self._door = door
        self._clock = clock

    async def run(self, invocation: Invocation) -> Job | Notice:
        """Do what a command asks for."""
        with self._door.passing(invocation.origin.member, invocation.spec.name):
            return await self._run(invocation)

    async def _run(self, invocation: Invocation) -> Job | Notice:
        if invocation.spec.admin and not invocation.origin.admin:
            raise errors.AdminsOnly("manage quotas")
        if invocation.spec.generates:
            return await self._generation.run(invocation)
        if invocation.spec.changes and not await self._is_first(invocation.origin):
            return Notice(replies.repeated_text())
        if invocation.spec.name == "cancel":
            return await self._cancel(invocation)
        if invocation.spec.admin:
            return await self._quota_desk.answer(invocation)
        with not_begun():
            return await self._answers.answer(invocation)

    def check(self, invocation: Invocation, files: Sequence[tuple[str, Kind]]) -> None:
        """Refuse at once what needs no waiting: rights, words, options, and how many files.

        `files` are names and kinds as the platform says; the files themselves may come later.
        """
        self._door.check(invocation.origin.member)
        if invocation.spec.admin and not invocation.origin.admin:
            raise errors.AdminsOnly("manage quotas")
        if invocation.spec.generates:
            self._generation.check(invocation, files)

    def check_pace(self, member: Member) -> None:
        """Refuse at once whoever has asked for too much already; raises TooFast, or Stopping."""
        self._door.check(member)

    async def press(self, origin: Origin, action: str, subject: str) -> Job | Notice:
        """Do what a button or a reaction asks for; `subject` is its message's job or draft."""
        if action not in ACTIONS:
            raise errors.UnknownAction(action)
        with self._door.passing(origin.member, action):
            return await self.carry_out(origin, action, subject)

    async def carry_out(self, origin: Origin, action: str, subject: str) -> Job | Notice:
        """Do what a button would, for whoever is past the door: an operator in a shell."""
        match action:
            case "retry" | "upscale" | "animate" | "extend":
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
                raise errors.UnknownAction(action)

    async def act(self, origin: Origin, action: Cause, job_id: str) -> Job | Notice:
        """Do what a button or a reaction asks for, charged to who pressed it."""
        job = await self._shown(origin, job_id)
        return await self._generation.follow_up(origin, action, job)

    async def remix(
        self, origin: Origin, job_id: str, prompt: str, files: Sequence[SentFile] = ()
    ) -> Job | Notice:
        """Ask for a job's request again with another prompt, and with other files if there are some."""
        with self._door.passing(origin.member, "remix"):
            return await self._remix(origin, job_id, prompt, files)

    async def _remix(
        self, origin: Origin, job_id: str, prompt: str, files: Sequence[SentFile]
    ) -> Job | Notice:
        job = await self.find(origin, job_id)
        if files:
            spec = command_of(job.request.operation)
            options = {"model": job.request.model, **options_of(job.request)}
            changed = Invocation(origin, spec, {"prompt": prompt}, options, files)
            return await self._generation.run(changed, Cause.REMIX, job.id)
        return await self._generation.remix(origin, job, prompt)

    async def find(self, origin: Origin, job_id: str) -> Job:
        """A job of the member's workspace; raises NoSuchJob."""
        with not_begun():
            job = await self._storage.job(job_id)
        if job is None or job.owner.workspace != origin.member.workspace:
            raise errors.NoSuchJob(job_id)
        return job

    async def balance(self, origin: Origin) -> Balance:
        """Where a member stands."""
        return await self._answers.balance(origin)

    async def recent_jobs(self, origin: Origin, limit: int) -> list[Job]:
        """A member's jobs, the newest first."""
        return await self._storage.recent(origin.member, limit)

    async def cancel(self, origin: Origin, job_id: str) -> Job:
        """Cancel a job: free while it is queued, else as Runway's rules have it."""
        job = await self.find(origin, job_id)
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
            self._worker.conclude(job)
            return job
        if job.state in (State.SUBMITTING, State.RUNNING):
            job = await self._storage.note(job.id, cancel_requested=True)
        if job.state is State.QUEUED:  # it was turned away meanwhile, and may wait for long
            return await self.cancel(origin, job_id)
        # It may have moved on since it was found; then its end is told by whoever brought it there.
        if job.state not in CANCELLABLE:
            raise errors.AlreadyOver(job_id, _how_it_ended(job.state))
        await self._worker.cancel(job)
        try:
            return await self._presenter.show(job)
        except errors.StaleJob:
            return job  # it is written down; whoever has the job by now carries it out

    async def _is_first(self, origin: Origin) -> bool:
        """Whether a command comes for the first time: a platform may deliver it again, also later."""
        now = self._clock.now()
        return all([await self._storage.first_time(key, now) for key in event_keys(origin)])

    async def _shown(self, origin: Origin, job_id: str) -> Job:
        """The job behind a message; its row may be a moment behind what people see already."""
        job = await self.find(origin, job_id)
        for _ in range(SETTLING_LOOKS):
            if job.state is not State.DELIVERING:
                break
            await self._clock.sleep(SETTLING_SECONDS)
            job = await self.find(origin, job_id)
        return job

    async def _cancel(self, invocation: Invocation) -> Notice:
        origin = invocation.origin
        if named := invocation.arguments.get("job"):
            job_id = written_id(named)
        else:
            job_id = await self._latest_cancellable(origin.member)
        return Notice(replies.cancelled_text(await self.cancel(origin, job_id)))

    async def _latest_cancellable(self, member: Member) -> str:
        jobs = await self._storage.active(member.workspace)
        own = [job.id for job in jobs if job.owner == member and job.state in CANCELLABLE]
        return own[-1] if own else ""


def _how_it_ended(state: State) -> str:
    return "finished" if state in (State.COLLECTING, State.DELIVERING) else state.value
