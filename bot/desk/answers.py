"""Private answers: help, credits, history, the queue."""

from collections.abc import Sequence

from bot.catalog import Catalog
from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import COMMANDS
from bot.credits import Balance
from bot.jobs import Job, room
from bot.messages import replies
from bot.messages.quotas import forecast_line
from bot.ports import Clock, QuotaStorage, Storage
from bot.timing.estimates import places
from bot.views import Notice
from bot.worker import Worker

HISTORY_LENGTH = 10
MOVEMENTS_SHOWN = 10


class Answers:
    """Answers the commands that make nothing; each with a notice that only the asker sees."""

    def __init__(
        self,
        *,
        storage: Storage,
        catalog: Catalog,
        quotas: QuotaStorage,
        worker: Worker,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._catalog = catalog
        self._worker = worker
        self._quotas = quotas
        self._clock = clock

    async def answer(self, invocation: Invocation) -> Notice:
        """The notice for a command, by its name."""
        return await self._BY_NAME[invocation.spec.name](self, invocation)

    async def balance(self, origin: Origin) -> Balance:
        """Where a member stands."""
        return await self._quotas.balance(origin.member, self._clock.now(), origin.roles)

    async def _help(self, invocation: Invocation) -> Notice:
        shown = [spec for spec in COMMANDS if invocation.origin.admin or not spec.admin]
        balance = await self.balance(invocation.origin)
        return Notice(replies.help_text(shown, balance))

    async def _credits(self, invocation: Invocation) -> Notice:
        origin, now = invocation.origin, self._clock.now()
        found = await self._quotas.statement(origin.member, now, origin.roles, MOVEMENTS_SHOWN)
        return Notice(replies.credits_text(found, forecast_line(found.balance, now)))

    async def _history(self, invocation: Invocation) -> Notice:
        jobs = await self._storage.recent(invocation.origin.member, HISTORY_LENGTH)
        return Notice(replies.history_text(jobs, self._labels(jobs)))

    async def _queue(self, invocation: Invocation) -> Notice:
        origin = invocation.origin
        jobs = await self._storage.active(origin.member.workspace)
        queues, *_ = await self._worker.lineup.queue()
        named = {job.id for job in jobs if _may_know(origin, job)}
        return Notice(replies.queue_text(jobs, places(queues), self._labels(jobs), named))

    def _labels(self, jobs: Sequence[Job]) -> dict[str, str]:
        return {job.request.model: self._catalog.label(job.request.model) for job in jobs}

    _BY_NAME = {  # noqa: RUF012 - never changed
        "help": _help,
        "credits": _credits,
        "history": _history,
        "queue": _queue,
    }


def _may_know(origin: Origin, job: Job) -> bool:
    """Whether a job's id is for somebody: with it, its result can be used by `--ref`."""
    here = room(job.channel) == room(origin.channel)
    return here or origin.admin or job.owner == origin.member
