"""Drafts and the words that decide them: run, forget, ask an admin, approve, deny."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from bot import errors
from bot.alerts import Alerts
from bot.commands.invocations import Origin
from bot.desk.acceptance import Acceptance
from bot.drafts import OPEN, Draft, DraftState
from bot.jobs import Job
from bot.messages import approvals as messages
from bot.ports import ChatPlatform, Clock, DraftStorage, Library
from bot.quotas import Change
from bot.views import Notice

log = structlog.get_logger()

# What [+100] gives.
RAISE_CREDITS = 100

# Of one member's questions; each is a message to every admin.
MOST_QUESTIONS = 3

# The admins' message is posted within this time, tries and all.
ASKING = timedelta(minutes=1)


class Approvals:
    """Decides each draft once, however many press at the same time."""

    def __init__(
        self,
        *,
        drafts: DraftStorage,
        acceptance: Acceptance,
        library: Library,
        alerts: Alerts,
        chats: Mapping[str, ChatPlatform],
        clock: Clock,
        ask_lifetime: timedelta,
    ) -> None:
        self._drafts = drafts
        self._acceptance = acceptance
        self._library = library
        self._alerts = alerts
        self._chats = chats
        self._clock = clock
        self._ask_lifetime = ask_lifetime

    async def confirm(self, origin: Origin, draft_id: str) -> Job:
        """The owner says that a dear job may run; raises a Refused."""
        draft = await self._own(origin, draft_id)
        now = self._clock.now()
        try:
            job = await self._drafts.run_draft(
                draft, self._acceptance.job_of(draft, now), now, origin.roles
            )
        except errors.NotEnoughCredits as error:
            if await self._drafts.decide(draft_id, OPEN, DraftState.REFUSED, None):
                error.draft = draft_id
            raise
        if job is None:
            raise await self._over(draft_id)
        return await self._acceptance.start(job)

    async def forget(self, origin: Origin, draft_id: str) -> Notice:
        """The owner does not want it after all."""
        draft = await self._own(origin, draft_id)
        if not await self._drafts.decide(draft_id, OPEN, DraftState.FORGOTTEN, origin.member.id):
            raise await self._over(draft_id)
        await self._discard(draft)
        return messages.forgotten()

    async def ask(self, origin: Origin, draft_id: str) -> Notice:
        """The owner asks the admins to pay for it."""
        draft = await self._own(origin, draft_id)
        expires_at = self._clock.now() + self._ask_lifetime
        if not await self._drafts.ask_draft(draft, MOST_QUESTIONS, expires_at):
            if not self._was_dropped(draft):
                raise await self._over(draft_id)
            expires_at = draft.expires_at
        await self._drafts.note_alert(draft_id, await self._tell_admins(draft, expires_at))
        return messages.asked(expires_at)

    async def approve(self, origin: Origin, draft_id: str, raise_by: int = 0) -> Notice:
        """An admin lets it run, with what is lacking or with a raise."""
        draft = await self._for_admin(origin, draft_id)
        now = self._clock.now()
        roles = await self._chats[draft.owner.platform].roles_of(draft.owner)
        job, change = self._acceptance.job_of(draft, now), Change(origin.member.id, now)
        try:
            approval = await self._drafts.approve_draft(draft, job, change, raise_by, roles)
        except errors.Blocked as error:
            raise errors.OwnerStopped(draft.owner.id) from error
        except errors.Paused as error:
            raise errors.OwnerStopped(draft.owner.id, error.until) from error
        if approval is None:
            raise await self._over(draft_id)
        job, given = approval
        await self._acceptance.start(job)
        notice = messages.approved(draft, origin.member.id, given if raise_by else 0)
        await self._tell_decided(draft, notice)
        return notice

    async def deny(self, origin: Origin, draft_id: str) -> Notice:
        """An admin says no."""
        draft = await self._for_admin(origin, draft_id)
        by = origin.member.id
        if not await self._drafts.deny_draft(draft, Change(by, self._clock.now())):
            raise await self._over(draft_id)
        await self._tell_decided(draft, messages.denied(draft, by))
        await self._discard(draft)
        return messages.denied(draft, by)

    async def expire(self, now: datetime) -> None:
        """Let go of every draft that nobody decided in time."""
        for draft in await self._drafts.overdue_drafts(now):
            if not await self._drafts.decide(draft.id, [draft.state], DraftState.EXPIRED, None):
                continue
            if draft.state is DraftState.ASKED:
                await self._tell_decided(draft, messages.expired(draft))
            await self._discard(draft)

    async def _own(self, origin: Origin, draft_id: str) -> Draft:
        draft = await self._drafts.draft(draft_id)
        if draft is None or draft.owner != origin.member:
            raise errors.NoSuchJob(draft_id)
        return draft

    async def _for_admin(self, origin: Origin, draft_id: str) -> Draft:
        if not origin.admin:
            raise errors.AdminsOnly("decide this")
        draft = await self._drafts.draft(draft_id)
        if draft is None or draft.owner.workspace != origin.member.workspace:
            raise errors.NoSuchJob(draft_id)
        return draft

    def _was_dropped(self, draft: Draft) -> bool:
        """Whether somebody died between writing a question down and putting it to the admins."""
        if draft.state is not DraftState.ASKED or draft.alert is not None:
            return False
        return self._clock.now() > draft.expires_at - self._ask_lifetime + ASKING

    async def _over(self, draft_id: str) -> errors.DraftOver:
        draft = await self._drafts.draft(draft_id)
        return errors.DraftOver(draft.state.value if draft else DraftState.EXPIRED.value)

    async def _tell_admins(self, draft: Draft, expires_at: datetime) -> str:
        """The admins' message; where nobody could be told, the question can be asked anew."""
        notice = messages.request_for_admins(draft, expires_at)
        try:
            return await self._alerts.tell(draft.owner.workspace, notice, f"ask:{draft.id}")
        except errors.ChatError as error:
            log.warning("admins not asked", draft=draft.id, error=str(error))
            # An admin may have decided: that a message was not posted is not always certain.
            if not await self._drafts.decide(
                draft.id, [DraftState.ASKED], DraftState.REFUSED, None, draft.expires_at
            ):
                raise await self._over(draft.id) from error
            raise errors.AdminsNotReached from error

    async def _tell_decided(self, draft: Draft, notice: Notice) -> None:
        """Take the buttons off the admins' message, and tell the owner."""
        await self._show_admins(draft, notice)
        try:
            await self._chats[draft.owner.platform].notify(draft.owner, draft.channel, notice)
        except errors.ChatError as error:
            log.warning("owner not told of a decision", draft=draft.id, error=str(error))
            await self._show_admins(draft, messages.untold(draft, notice))

    async def _show_admins(self, draft: Draft, notice: Notice) -> None:
        """Show what became of a question in the message that put it."""
        stored = await self._drafts.draft(draft.id)
        if stored is None or stored.alert is None:
            return
        chat = self._chats[draft.owner.platform]
        try:
            await chat.update_alert(draft.owner.workspace, stored.alert, notice)
        except errors.ChatError as error:
            log.warning("decision not shown to the admins", draft=draft.id, error=str(error))

    async def _discard(self, draft: Draft) -> None:
        for given in draft.request.inputs:
            if given.media.key.startswith(f"inputs/{draft.id}/"):
                await self._library.discard(given.media)
