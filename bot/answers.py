"""Private answers: credits, history, the queue, quotas."""

from collections.abc import Mapping, Sequence

from bot import errors
from bot.catalog import Catalog
from bot.commands import COMMANDS
from bot.credits import MOST_CREDITS, Allowance, Period
from bot.estimates import places
from bot.invocations import Invocation
from bot.jobs import Job, Member
from bot.messages import replies
from bot.ports import ChatPlatform, Clock, Storage
from bot.text import Who
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
        worker: Worker,
        chats: Mapping[str, ChatPlatform],
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._catalog = catalog
        self._worker = worker
        self._chats = chats
        self._clock = clock

    async def answer(self, invocation: Invocation) -> Notice:
        """The notice for a command, by its name."""
        return await self._BY_NAME[invocation.spec.name](self, invocation)

    async def _help(self, invocation: Invocation) -> Notice:
        member = invocation.origin.member
        shown = [spec for spec in COMMANDS if invocation.origin.admin or not spec.admin]
        balance = await self._storage.balance(member, self._clock.now())
        return Notice(replies.help_text(shown, balance))

    async def _credits(self, invocation: Invocation) -> Notice:
        member = invocation.origin.member
        balance = await self._storage.balance(member, self._clock.now())
        holds = await self._storage.holds(member)
        movements = await self._storage.movements(member, MOVEMENTS_SHOWN)
        return Notice(replies.credits_text(balance, holds, movements))

    async def _history(self, invocation: Invocation) -> Notice:
        jobs = await self._storage.recent(invocation.origin.member, HISTORY_LENGTH)
        return Notice(replies.history_text(jobs, self._labels(jobs)))

    async def _queue(self, invocation: Invocation) -> Notice:
        jobs = await self._storage.active(invocation.origin.member.workspace)
        queues, _ = await self._worker.queue()
        return Notice(replies.queue_text(jobs, places(queues), self._labels(jobs)))

    async def _quota_show(self, invocation: Invocation) -> Notice:
        origin = invocation.origin
        who = invocation.arguments.get("who")
        member = await self._member(origin.member, who) if who else origin.member
        balance = await self._storage.balance(member, self._clock.now())
        rule = await self._rule(member)
        return Notice(replies.quota_text(member, balance, rule))

    async def _rule(self, member: Member) -> str:
        if await self._storage.allowance(member.workspace, f"member:{member.id}"):
            return "set for this member"
        if await self._storage.allowance(member.workspace, "default"):
            return "the workspace's default"
        return "the configured default"

    async def _quota_set(self, invocation: Invocation) -> Notice:
        origin, arguments = invocation.origin, invocation.arguments
        workspace = origin.member.workspace
        period = _period(arguments.get("period"))
        allowance = Allowance(_amount(arguments["credits"]), period)
        who = arguments["who"].lower()
        if who in ("default", "workspace"):
            scope = who
            whose = {"default": "Every member", "workspace": "The workspace as a whole"}[who]
            shown = replies.quota_set_text(whose, allowance)
        else:
            member = await self._member(origin.member, arguments["who"])
            scope = f"member:{member.id}"
            shown = replies.quota_set_text(Who(member.id), allowance)
        now = self._clock.now()
        await self._storage.set_allowance(workspace, scope, allowance, origin.member, now)
        return Notice(shown)

    async def _member(self, asker: Member, who: str) -> Member:
        member = await self._chats[asker.platform].find_member(asker.workspace, who)
        if member is None:
            raise errors.UnknownMember(who)
        return member

    def _labels(self, jobs: Sequence[Job]) -> dict[str, str]:
        return {job.request.model: self._catalog.label(job.request.model) for job in jobs}

    _BY_NAME = {  # noqa: RUF012 - never changed
        "help": _help,
        "credits": _credits,
        "history": _history,
        "queue": _queue,
        "quota show": _quota_show,
        "quota set": _quota_set,
    }


def _period(text: str | None) -> Period:
    if text is None:
        return Period.MONTH
    try:
        return Period(text.lower())
    except ValueError:
        raise errors.BadChoice("period", text, [period.value for period in Period]) from None


def _amount(text: str) -> int | None:
    if text.lower() == "unlimited":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MOST_CREDITS:
        raise errors.BadAmount(text)
    if int(text) == 0:
        raise errors.ZeroAmount
    return int(text)
