"""What admins do with quotas: `/quota …`, in a chat or on the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import errors
from bot.acceptance import event_keys
from bot.credits import BLOCKED, MOST_CREDITS, Allowance, Period, period_start
from bot.invocations import Invocation
from bot.jobs import Member, room
from bot.messages import quotas as messages
from bot.ports import ChatPlatform, Clock, QuotaStorage, Subject
from bot.quotas import Rule
from bot.reconciliation import Reconciliation
from bot.text import Span, Text, Who
from bot.views import Notice

# Ten years: a grant that lasts longer is one without an end.
MOST_DAYS = 3650


@dataclass(frozen=True)
class _Target:
    """Whom a rule is for: its scope, and how people call it."""

    scope: str
    shown: Span
    member: Member | None = None


class QuotaDesk:
    """Each command changes one thing, or nothing at all."""

    def __init__(
        self,
        *,
        quotas: QuotaStorage,
        chats: Mapping[str, ChatPlatform],
        reconciliation: Reconciliation,
        clock: Clock,
    ) -> None:
        self._quotas = quotas
        self._chats = chats
        self._reconciliation = reconciliation
        self._clock = clock

    async def answer(self, invocation: Invocation) -> Notice:
        """Carry out a `/quota …` command; raises a Refused."""
        return Notice(await self._BY_NAME[invocation.spec.name](self, invocation))

    async def _show(self, invocation: Invocation) -> Text:
        asker = invocation.origin.member
        who = invocation.arguments.get("who")
        now = self._clock.now()
        if who is not None and who.lower() in ("default", "workspace"):
            return await self._overview(asker.workspace)
        target = await self._target(asker, who) if who else _self(asker)
        if target.member is None:
            rules = dict(await self._scopes(asker.workspace))
            return messages.rule(target.shown, rules.get(target.scope))
        roles = await self._chats[asker.platform].roles_of(target.member)
        balance = await self._quotas.balance(target.member, now, roles)
        return messages.standing(target.member, balance)

    async def _overview(self, workspace: str) -> Text:
        budget = await self._quotas.budget(workspace, "workspace", self._clock.now())
        rules = [rule for _, rule in await self._quotas.rules(workspace)]
        zone, now = await self._quotas.zone(workspace), self._clock.now()
        start = period_start(now, Period.MONTH, zone)
        used = await self._quotas.usage(workspace, start, messages.MOST_MEMBERS)
        return messages.overview(rules, budget, str(zone), now, used)

    async def _set(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        allowance = Allowance(
            amount(invocation.arguments["credits"]), period(invocation.arguments.get("period"))
        )
        await self._write(invocation, target.scope, allowance)
        return messages.set_to(target.shown, allowance)

    async def _block(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        if target.scope == "workspace":
            raise errors.NotAMember(invocation.arguments["who"])
        await self._write(invocation, target.scope, BLOCKED)
        return messages.set_to(target.shown, BLOCKED)

    async def _clear(self, invocation: Invocation) -> Text:
        workspace, who = invocation.origin.member.workspace, invocation.arguments["who"]
        scopes = dict(await self._scopes(workspace))
        # A rule may outlive the role or member that it was made for.
        leftover = next((s for s in scopes if s.partition(":")[2] == who.lstrip("@")), None)
        scope = leftover or (await self._target(invocation.origin.member, who)).scope
        if not await self._quotas.clear_rule(workspace, scope):
            raise errors.NoRule(who)
        return messages.cleared(who)

    async def _channel(self, invocation: Invocation) -> Text:
        origin = invocation.origin
        given = invocation.arguments["credits"]
        scope = f"channel:{room(origin.channel)}"
        if given.lower() == "unlimited":
            await self._quotas.clear_rule(origin.member.workspace, scope)
            return messages.set_to("This channel", Allowance(None))
        allowance = Allowance(amount(given), period(invocation.arguments.get("period")))
        await self._write(invocation, scope, allowance)
        return messages.set_to("This channel", allowance)

    async def _grant(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        if target.member is None:
            raise errors.NotAMember(invocation.arguments["who"])
        credits = amount(invocation.arguments["credits"])
        if credits is None:
            raise errors.BadAmount(invocation.arguments["credits"])
        now = self._clock.now()
        lasts = days(invocation.arguments.get("days"))
        expires_at = now + timedelta(days=lasts) if lasts else None
        by = invocation.origin.member.id
        once = event_keys(invocation.origin)
        await self._quotas.grant(target.member, credits, expires_at, by, now, once)
        return messages.granted(target.shown, credits, expires_at)

    async def _pardon(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        if target.member is None:
            raise errors.NotAMember(invocation.arguments["who"])
        await self._quotas.pardon(target.member)
        return messages.pardoned(target.shown)

    async def _zone(self, invocation: Invocation) -> Text:
        name = zone(invocation.arguments["zone"])
        await self._quotas.set_zone(invocation.origin.member.workspace, name)
        return messages.zone_set(name)

    async def _reconcile(self, _invocation: Invocation) -> Text:
        return messages.reconciled(await self._reconciliation.report())

    async def _write(self, invocation: Invocation, scope: str, allowance: Allowance) -> None:
        member = invocation.origin.member
        rules = [(member.workspace, Rule(allowance, scope))]
        await self._quotas.set_rules(rules, member.id, self._clock.now())

    async def _scopes(self, workspace: str) -> list[tuple[str, Rule]]:
        return [(rule.scope, rule) for _, rule in await self._quotas.rules(workspace)]

    async def _target(self, asker: Member, who: str) -> _Target:
        if who.lower() == "default":
            return _Target("default", "Every member")
        if who.lower() == "workspace":
            return _Target("workspace", "The workspace as a whole")
        chat = self._chats[asker.platform]
        subject: Subject | None = await chat.find_subject(asker.workspace, who)
        if subject is None:
            raise errors.UnknownMember(who)
        if subject.kind == "member":
            return _Target(subject.scope, Who(subject.id), Member(asker.workspace, subject.id))
        return _Target(subject.scope, f"The role {subject.name}")

    _BY_NAME = {  # noqa: RUF012 - never changed
        "quota show": _show,
        "quota set": _set,
        "quota block": _block,
        "quota clear": _clear,
        "quota channel": _channel,
        "quota grant": _grant,
        "quota pardon": _pardon,
        "quota zone": _zone,
        "quota reconcile": _reconcile,
    }


def amount(text: str) -> int | None:
    """Credits as a person types them; None is `unlimited`. Raises BadAmount or ZeroAmount."""
    if text.lower() == "unlimited":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MOST_CREDITS:
        raise errors.BadAmount(text)
    if int(text) == 0:
        raise errors.ZeroAmount
    return int(text)


def period(text: str | None) -> Period:
    """A period as a person types it; a month when nothing was typed. Raises BadChoice."""
    if text is None:
        return Period.MONTH
    try:
        return Period(text.lower())
    except ValueError:
        raise errors.BadChoice("period", text, [period.value for period in Period]) from None


def zone(text: str) -> str:
    """A time zone that exists; raises UnknownZone."""
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise errors.UnknownZone(text) from None


def days(text: str | None) -> int | None:
    """A number of days as a person types it; raises BadDays."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= MOST_DAYS):
        raise errors.BadDays(text)
    return int(text)


def _self(member: Member) -> _Target:
    return _Target(f"member:{member.id}", Who(member.id), member)
