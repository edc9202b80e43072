"""Reactions as quiet commands: 🔁 again, ⬆️ larger, ❌ cancel; seen live, or found afterwards.

Each is honoured once. Seen live, the same reaction counts anew when it was taken away and set again;
found afterwards, it counts unless it was ever honoured or refused.
"""

from dataclasses import dataclass
from datetime import timedelta

import discord
import structlog
from discord import ReactionType

from adapters.discord import texts, traces
from adapters.discord.chat import Chat
from adapters.discord.failures import translated
from adapters.discord.line import Line
from adapters.discord.members import PLATFORM, Members, guild_id_of, workspace_of
from adapters.discord.places import id_of, place_of
from adapters.discord.rights import check_own, is_thread, roles_of
from bot.commands.invocations import Origin
from bot.commands.specification import REACTIONS, sign_of
from bot.desk.generation import ONCE_WINDOW
from bot.errors import ChatError, DailiesError, Refused, Stopping, StorageUnavailable
from bot.jobs import Member
from bot.ports import Clock, EventLog
from bot.service import Service
from bot.views import Notice

log = structlog.get_logger()

_Channel = discord.abc.GuildChannel | discord.Thread
# Results so old are not looked at again, nor more of them than this.
REREAD_DAYS = 7
MOST_REREAD = 200
# Discord may be in trouble just when it comes back.
REREAD_PAUSES_SECONDS = (0.0, 5.0, 60.0)
# A result can be seen a moment before Discord's answer to its upload is here.
_LOOKS = 60
_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class _Reaction:
    """What somebody asks for by a sign under a message that belongs to a job."""

    member: Member
    channel: int
    message: int
    sign: str

    @property
    def event(self) -> str:
        return f"reaction:{self.message}:{self.member.id}:{self.sign}"


class Reactions:
    """Turns signs into what the buttons do, charged to who set them."""

    def __init__(
        self,
        service: Service,
        line: Line,
        chat: Chat,
        members: Members,
        events: EventLog,
        clock: Clock,
    ) -> None:
        self._service = service
        self._line = line
        self._chat = chat
        self._members = members
        self._events = events
        self._clock = clock
        self._latest: dict[str, float] = {}
        self._stopping = False

    async def seen(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody has just reacted."""
        sign = _sign(event.emoji)
        if sign not in REACTIONS or event.guild_id is None or self._is_foreign(event):
            return
        member = Member(workspace_of(event.guild_id), str(event.user_id))
        reaction = _Reaction(member, event.channel_id, event.message_id, sign)
        if self._is_repeated(reaction):
            return
        if event.member is not None:
            self._members.remember(member, roles_of(event.member))
        job_id = await self._job_of(reaction)
        if job_id is None:
            return
        try:
            await self._honour(reaction, job_id, ONCE_WINDOW)
        except (Stopping, StorageUnavailable) as error:
            await self._tell(reaction, texts.refused(error))

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True

    async def reread(self, shard: "Shard") -> None:
        """Find the reactions that were set while nobody was listening."""
        since = self._clock.now() - timedelta(days=REREAD_DAYS)
        recent = await self._events.recent(PLATFORM, since, MOST_REREAD)
        left = [each for each in recent if shard.has(guild_id_of(each[0]))]
        for pause in REREAD_PAUSES_SECONDS:
            await self._clock.sleep(pause)
            left = [each for each in left if not await self._is_read(*each)]
            if not left:
                return

    async def _is_read(self, workspace: str, job_id: str, message: str) -> bool:
        """Read a message again; False where that may work later."""
        if self._stopping:
            return True  # the next session begins with the same
        try:
            await self._reread(workspace, job_id, *traces.parts(message))
        except (ChatError, Stopping, StorageUnavailable) as error:
            log.info("message not read again", job=job_id, reason=str(error))
            return isinstance(error, ChatError) and error.permanent
        return True

    async def _reread(self, workspace: str, job_id: str, channel: int, message: int) -> None:
        client = await self._line.client()
        found: list[_Reaction] = []
        async with translated():
            place = client.get_partial_messageable(channel)
            for group in (await place.fetch_message(message)).reactions:
                sign = _sign(group.emoji)
                if sign in REACTIONS:
                    members = [Member(workspace, id_) for id_ in await _people(group)]
                    found += [_Reaction(member, channel, message, sign) for member in members]
        honoured = await self._events.honoured(workspace, [r.event for r in found])
        for reaction in found:
            if reaction.event in honoured:
                continue
            # What somebody reacted with stays after they have left, or were banned.
            if await self._members.roles_now(reaction.member) is None:
                continue
            log.info("reaction found afterwards", job=job_id, sign=reaction.sign)
            await self._honour(reaction, job_id, None)

    async def _honour(self, reaction: _Reaction, job_id: str, window: timedelta | None) -> None:
        """Do it and note it; raises Stopping or StorageUnavailable where it is left to be found."""
        member = reaction.member
        try:
            roles = await self._members.roles_of(member)
            admin = await self._members.is_admin(member, roles)
            place = await self._place(reaction, job_id)
            origin = Origin(member, place, admin, roles, reaction.event, window)
            await self._check_place(reaction)
            answer = await self._service.press(origin, REACTIONS[reaction.sign], job_id)
            if isinstance(answer, Notice):
                await self._tell(reaction, answer)
        except (Stopping, StorageUnavailable):
            raise
        except Refused as error:
            await self._tell(reaction, texts.refused(error))
        except DailiesError as error:
            log.warning("reaction not honoured", job=job_id, error=str(error))
            return
        await self._note(reaction)

    async def _note(self, reaction: _Reaction) -> None:
        try:
            await self._events.note(reaction.member.workspace, reaction.event, self._clock.now())
        except StorageUnavailable as error:
            log.warning("reaction not noted", reaction=reaction.event, error=str(error))

    async def _tell(self, reaction: _Reaction, notice: Notice) -> None:
        """Privately, where the person takes direct messages; nothing of it is for the channel."""
        try:
            await self._chat.notify(reaction.member, str(reaction.channel), notice)
        except ChatError as error:
            log.info("not told", member=reaction.member.id, reason=str(error))

    async def _job_of(self, reaction: _Reaction) -> str | None:
        message = traces.reference(reaction.channel, reaction.message)
        for look in range(_LOOKS):
            if look:
                await self._clock.sleep(_LOOK_SECONDS)
            if self._stopping:
                return None
            found = await self._events.job_of(reaction.member.workspace, message)
            if found is not None:
                return found
        return None

    async def _place(self, reaction: _Reaction, job_id: str) -> str:
        """Where it was set, as jobs have it; of a thread that nobody told of, its job knows."""
        _, channel = await self._channel(reaction)
        place = place_of(reaction.channel, channel)
        if channel is None:
            job = await self._service.find(Origin(reaction.member, place), job_id)
            return job.channel if id_of(job.channel) == reaction.channel else place
        return place

    async def _channel(self, reaction: _Reaction) -> tuple[discord.Guild | None, _Channel | None]:
        """The server and the channel of a reaction, as far as the gateway has told of them."""
        client = await self._line.client()
        guild = client.get_guild(guild_id_of(reaction.member.workspace))
        return guild, guild.get_channel_or_thread(reaction.channel) if guild else None

    async def _check_place(self, reaction: _Reaction) -> None:
        """As for a command, as far as the server's roles are known here."""
        guild, channel = await self._channel(reaction)
        if guild is None or channel is None or guild.me is None or guild.default_role is None:
            return
        try:
            permissions = channel.permissions_for(guild.me)
        except discord.ClientException:
            return  # a thread whose channel is not known
        # What we cannot see we do not hear of: then it is our knowledge that has a gap.
        if permissions.view_channel and REACTIONS[reaction.sign] != "cancel":
            check_own(permissions, thread=is_thread(channel))

    def _is_foreign(self, event: discord.RawReactionActionEvent) -> bool:
        own = self._line.own_id
        of_bot = event.member is not None and event.member.bot
        return event.user_id == own or of_bot or event.message_author_id not in (None, own)

    def _is_repeated(self, reaction: _Reaction) -> bool:
        """Whether the same was seen a moment ago: Discord may say a thing twice."""
        now, window = self._clock.monotonic(), ONCE_WINDOW.total_seconds()
        self._latest = {event: at for event, at in self._latest.items() if now - at < window}
        if reaction.event in self._latest:
            return True
        self._latest[reaction.event] = now
        return False


@dataclass(frozen=True)
class Shard:
    """One shard of so many, which decides whose servers are meant."""

    id: int
    count: int

    def has(self, guild_id: int) -> bool:
        # https://discord.com/developers/docs/events/gateway#sharding
        return (guild_id >> 22) % self.count == self.id


async def _people(group: discord.Reaction) -> list[str]:
    """Who set a reaction, each once; Discord names those with a super reaction only when asked."""
    kinds = {ReactionType.normal: group.normal_count, ReactionType.burst: group.burst_count}
    users = [
        user for kind, count in kinds.items() async for user in group.users(limit=count, type=kind)
    ]
    return list(dict.fromkeys(str(user.id) for user in users if not user.bot))


def _sign(emoji: discord.PartialEmoji | discord.Emoji | str) -> str:
    name = emoji if isinstance(emoji, str) else emoji.name
    return sign_of(name or "")
