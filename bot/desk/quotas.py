"""What admins do with quotas: `/quota …`, in a chat or on the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot import errors
from bot.commands.amounts import CONFIGURED, amount, days, limited, period, reason
from bot.commands.invocations import Invocation
from bot.commands.specification import SETTINGS
from bot.credits import BLOCKED, Allowance
from bot.desk.acceptance import event_keys
from bot.desk.overviews import overview_of, rule_of
from bot.desk.reporting import Reporting
from bot.desk.settings import change_setting
from bot.jobs import Member, room
from bot.messages import quotas as messages
from bot.messages import reports
from bot.ports import ChatPlatform, Clock, QuotaStorage, Subject
from bot.quotas import Change, Rule
from bot.reconciliation import Reconciliation
from bot.text import Span, Text, Who
from bot.views import Notice

# As many changes as are shown at once.
HISTORY_LENGTH = 15


# As many changes are looked through for somebody who is not there any more.
MOST_KNOWN = 1000
# What platforms put around an id to make a mention of it.
_MARKS = re.compile(r"^<?[@!&]*(?:subteam\^)?|(?:\|.*)?>$")


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
        reporting: Reporting,
        clock: Clock,
    ) -> None:
        self._quotas = quotas
        self._chats = chats
        self._reconciliation = reconciliation
        self._reporting = reporting
        self._clock = clock

    async def answer(self, invocation: Invocation) -> Notice:
        """Carry out a `/quota …` command; raises a Refused."""
        if invocation.spec.name == "quota report":
            within = period(invocation.arguments.get("period"))
            return await self._reporting.report(invocation.origin.member, within)
        return Notice(await self._BY_NAME[invocation.spec.name](self, invocation))

    async def _show(self, invocation: Invocation) -> Text:
        asker = invocation.origin.member
        who = invocation.arguments.get("who")
        now = self._clock.now()
        if who is not None and who.lower() in ("default", "workspace"):
            return (await overview_of(self._quotas, asker.workspace, now)).text
        target = await self._target(asker, who) if who else _self(asker)
        if target.member is None:
            found = await rule_of(self._quotas, asker.workspace, target.scope)
            return messages.rule(target.shown, found)
        roles = await self._chats[asker.platform].roles_of(target.member)
        balance = await self._quotas.balance(target.member, now, roles)
        role = await self._role_in(asker, balance.scope)
        return messages.standing(target.member, balance, role)

    async def _role_in(self, asker: Member, scope: str) -> str | None:
        """What people call the role of a scope, if it is one's; its id where nobody knows."""
        kind, _, role = scope.partition(":")
        if kind != "role":
            return None
        subject = await self._chats[asker.platform].find_subject(asker.workspace, role)
        return subject.name if subject is not None and subject.kind == "role" else role

    async def _set(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        allowance = Allowance(
            amount(invocation.arguments["credits"]), period(invocation.arguments.get("period"))
        )
        await self._write(invocation, target.scope, allowance)
        return messages.set_to(target.shown, allowance)

    async def _block(self, invocation: Invocation) -> Text:
        target = await self._target(invocation.origin.member, invocation.arguments["who"])
        if Rule(BLOCKED, target.scope).is_cap:
            raise errors.NotBlockable(invocation.arguments["who"])
        await self._write(invocation, target.scope, BLOCKED, "block")
        return messages.set_to(target.shown, BLOCKED)

    async def _clear(self, invocation: Invocation) -> Text:
        workspace, who = invocation.origin.member.workspace, invocation.arguments["who"]
        change = self._change(invocation)
        scopes = [rule.scope for _, rule in await self._quotas.rules(workspace)]
        scope = await self._scope(invocation.origin.member, who, scopes)
        if not await self._quotas.clear_rule(workspace, scope, change):
            raise errors.NoRule(who)
        return messages.cleared(scope)

    async def _channel(self, invocation: Invocation) -> Text:
        origin, given = invocation.origin, invocation.arguments["credits"]
        allowance = Allowance(amount(given), period(invocation.arguments.get("period")))
        scope = f"channel:{room(origin.channel)}"
        if allowance.credits is None:
            change = self._change(invocation)
            await self._quotas.clear_rule(origin.member.workspace, scope, change)
        else:
            await self._write(invocation, scope, allowance)
        return messages.set_to("This channel", allowance)

    async def _grant(self, invocation: Invocation) -> Text:
        given = invocation.arguments
        credits, lasts = limited(given["credits"]), days(given.get("days"))
        change = self._change(invocation)
        member = await self._member(invocation)
        expires_at = change.at + timedelta(days=lasts) if lasts else None
        once = event_keys(invocation.origin)
        await self._quotas.grant(member, credits, expires_at, change, once)
        return messages.granted(Who(member.id), credits, expires_at)

    async def _revoke(self, invocation: Invocation) -> Text:
        given = invocation.arguments.get("credits")
        credits = None if given is None else limited(given)
        change = self._change(invocation)
        member = await self._member(invocation)
        taken = await self._quotas.revoke(member, credits, change)
        return messages.revoked(Who(member.id), taken)

    async def _reset(self, invocation: Invocation) -> Text:
        change = self._change(invocation)
        member = await self._member(invocation)
        roles = await self._chats[member.platform].roles_of(member)
        used = await self._quotas.reset(member, change, roles)
        balance = await self._quotas.balance(member, change.at, roles)
        return messages.reset(Who(member.id), used, balance)

    async def _pardon(self, invocation: Invocation) -> Text:
        change = self._change(invocation)
        member = await self._member(invocation)
        await self._quotas.pardon(member, change)
        return messages.pardoned(Who(member.id))

    async def _history(self, invocation: Invocation) -> Text:
        asker, who = invocation.origin.member, invocation.arguments.get("who")
        known = await self._quotas.changed(asker.workspace, None, MOST_KNOWN) if who else ()
        scopes = [changed.subject for changed in known]
        scope = await self._scope(asker, who, scopes) if who else None
        return reports.history(await self._quotas.changed(asker.workspace, scope, HISTORY_LENGTH))

    async def _settings(self, invocation: Invocation) -> Text:
        workspace = invocation.origin.member.workspace
        name, value = (invocation.arguments.get(part) for part in ("setting", "value"))
        if name is not None:
            if name.lower() not in SETTINGS:
                raise errors.BadChoice("setting", name, SETTINGS)
            if value is None:
                raise errors.MissingArgument("value", invocation.spec.usage)
            await self._change_setting(invocation, name.lower(), value)
        return reports.settings(await self._quotas.settings(workspace))

    async def _zone(self, invocation: Invocation) -> Text:
        await self._change_setting(invocation, "zone", invocation.arguments["zone"])
        found = await self._quotas.settings(invocation.origin.member.workspace)
        return messages.zone_set(found.zone)

    async def _change_setting(self, invocation: Invocation, name: str, value: str) -> None:
        asker, change = invocation.origin.member, self._change(invocation)
        channel = None
        if name == "alerts" and value.lower() != CONFIGURED:
            channel = await self._chats[asker.platform].find_channel(asker.workspace, value)
            if channel is None:
                raise errors.UnknownChannel(value)
        await change_setting(self._quotas, asker.workspace, name, value, channel, change)

    async def _reconcile(self, invocation: Invocation) -> Text:
        report = await self._reconciliation.report()
        return messages.reconciled(report.seen_by(invocation.origin.member.workspace))

    def _change(self, invocation: Invocation) -> Change:
        why = reason(invocation.options.get("why"))
        return Change(invocation.origin.member.id, self._clock.now(), why)

    async def _write(
        self, invocation: Invocation, scope: str, allowance: Allowance, action: str = "set"
    ) -> None:
        rules = [(invocation.origin.member.workspace, Rule(allowance, scope))]
        await self._quotas.set_rules(rules, self._change(invocation), action)

    async def _member(self, invocation: Invocation) -> Member:
        asker, who = invocation.origin.member, invocation.arguments["who"]
        subject = await self._chats[asker.platform].find_subject(asker.workspace, who)
        if subject is None or subject.kind != "member":
            raise errors.NotAMember(who)
        return Member(asker.workspace, subject.id)

    async def _scope(self, asker: Member, who: str, known: Sequence[str]) -> str:
        """Whom an admin means; what is known outlives the role or member it was made for."""
        bare = _MARKS.sub("", who)
        # The default's and the workspace's rules have no id: a mark around nothing is not theirs.
        ids = (scope for scope in known if bare and scope.partition(":")[2] == bare)
        leftover = next(ids, None)
        return leftover or (await self._target(asker, who)).scope

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
        "quota revoke": _revoke,
        "quota reset": _reset,
        "quota history": _history,
        "quota settings": _settings,
        "quota zone": _zone,
        "quota reconcile": _reconcile,
    }


def _self(member: Member) -> _Target:
    return _Target(f"member:{member.id}", Who(member.id), member)
