"""Discord as a chat platform for the core: cards, results, private words, alerts."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord
import structlog

from adapters.discord import traces
from adapters.discord.buttons import view_of
from adapters.discord.exchange import current
from adapters.discord.failures import translated
from adapters.discord.guilds import Guilds
from adapters.discord.line import Line
from adapters.discord.members import Members, guild_id_of
from adapters.discord.places import id_of
from adapters.discord.render import (
    card_embed,
    notice_files,
    notice_parts,
    result_buttons,
    result_content,
)
from adapters.discord.uploads import Uploads, limit_of
from bot.errors import ChatError
from bot.jobs import Member
from bot.ports import Confirm, Subject
from bot.views import Card, Notice, Result

log = structlog.get_logger()


class Chat:
    """Implements bot.ports.ChatPlatform."""

    def __init__(
        self,
        line: Line,
        members: Members,
        guilds: Guilds,
        uploads: Uploads,
        *,
        upload_limit: int,
        alert_channel: int | None,
    ) -> None:
        self._line = line
        self._members = members
        self._guilds = guilds
        self._uploads = uploads
        self._upload_limit = upload_limit
        self._alert_channel = alert_channel
        self._alert_guild: int | None = None

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        embed, view = card_embed(card), _card_view(card)
        place_id, exchange, known = id_of(channel), current(), True
        if exchange is not None and exchange.takes_card(channel, card.owner):
            try:
                return traces.reference(place_id, await exchange.become_card(embed, view))
            except ChatError as error:
                log.warning("placeholder not used", job=card.job_id, error=str(error))
                known = False  # the answer may be all that was lost
        client = await self._line.client()
        place = client.get_partial_messageable(place_id)
        async with translated():
            if exchange is None or not known:
                found = await traces.find(
                    place, self._line.own_id, lambda m: traces.is_card_of(m, card.job_id)
                )
                if found is not None:
                    if exchange is not None:
                        exchange.keep_card()
                    return traces.reference(place_id, found)
            await confirm()
            posted = await place.send(
                embed=embed, view=view or discord.utils.MISSING, nonce=traces.nonce_of(key)
            )
        return traces.reference(place_id, posted.id)

    async def update_card(self, channel: str, message: str, card: Card, confirm: Confirm) -> None:
        partial = await self._message(message)
        async with translated():
            await partial.edit(embed=card_embed(card), view=_card_view(card))

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        partial = await self._message(message)
        async with translated():
            await partial.delete()

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        client = await self._line.client()
        place = client.get_partial_messageable(place_id := id_of(channel))
        card = traces.parts(result.reply_to)[1] if result.reply_to else None
        if not is_first:
            async with translated():
                found = await traces.find(
                    place,
                    self._line.own_id,
                    lambda m: traces.is_result_of(m, result.job_id, card),
                    after=traces.begins_after(card, result.again),
                )
            if found is not None:
                return traces.reference(place_id, found)

        async def send(files: list[discord.File], note: str) -> str:
            await confirm()
            async with translated():
                posted = await place.send(
                    result_content(result, note),
                    files=files,
                    view=_result_view(result) or discord.utils.MISSING,
                    nonce=traces.nonce_of(key),
                    allowed_mentions=_only(result.owner),
                    **_reply(place_id, card),
                )
            return traces.reference(place_id, posted.id)

        guild = await self._guilds.find(guild_id_of(result.owner.workspace))
        return await self._uploads.send(result.files, limit_of(guild, self._upload_limit), send)

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        exchange = current()
        if exchange is not None and exchange.member == member:
            await exchange.tell(notice)
            return
        client = await self._line.client()
        async with translated():
            direct = await client.create_dm(discord.Object(int(member.id)))
        await self._send_notice(direct, member.workspace, notice, None)

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        failed = ChatError(f"{workspace} has no place for alerts", permanent=True)
        async for place in self._places_for_alerts(guild_id_of(workspace), channel):
            try:
                return await self._send_notice(place, workspace, notice, traces.nonce_of(key))
            except ChatError as error:
                if not error.permanent:
                    raise
                log.warning("alerts cannot go there", workspace=workspace, error=str(error))
                failed = error
        raise failed

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        partial = await self._message(message)
        content, embed = notice_parts(notice.text)
        view = view_of(notice.buttons, notice.job_id, guild_id_of(workspace))
        async with translated():
            await partial.edit(content=content, embed=embed, view=view)

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        return await self._members.find_subject(workspace, text)

    async def find_channel(self, workspace: str, text: str) -> str | None:
        guild = (await self._line.client()).get_guild(guild_id_of(workspace))
        wanted = text.strip().removeprefix("<").removesuffix(">").removeprefix("#").lower()
        for channel in guild.text_channels if guild is not None else ():
            if wanted in (str(channel.id), channel.name.lower()):
                return str(channel.id)
        return None

    async def name_of(self, member: Member) -> str:
        return await self._members.name_of(member)

    async def offer_changed(self) -> None:
        """Completions are looked up anew each time; the choices of commands follow at a start."""

    async def roles_of(self, member: Member) -> Sequence[str]:
        return await self._members.roles_of(member)

    async def _message(self, ref: str) -> discord.PartialMessage:
        channel, message = traces.parts(ref)
        client = await self._line.client()
        return client.get_partial_messageable(channel).get_partial_message(message)

    async def _places_for_alerts(
        self, guild_id: int, chosen: str | None
    ) -> AsyncIterator[discord.abc.Messageable]:
        """The chosen channel; else one after the other the configured one where it is this server's,
        the moderators', its owner."""
        client = await self._line.client()
        if chosen is not None:
            seen = client.get_guild(guild_id)
            if seen is not None and seen.get_channel_or_thread(int(chosen)) is None:
                raise ChatError(f"channel {chosen} is gone", permanent=True)
            yield client.get_partial_messageable(int(chosen))
            return
        if self._alert_channel is not None and await self._alerts_guild() == guild_id:
            yield client.get_partial_messageable(self._alert_channel)
        guild = await self._guilds.find(guild_id)
        if guild is None:
            raise ChatError(f"server {guild_id} is not known", permanent=True)
        if guild.updates_channel is not None:
            yield client.get_partial_messageable(guild.updates_channel)
        async with translated():
            owner = await client.create_dm(discord.Object(guild.owner))
        yield owner

    async def _alerts_guild(self) -> int | None:
        """The server of the configured channel; its shard may be another process's."""
        if self._alert_guild is None and self._alert_channel is not None:
            client = await self._line.client()
            try:
                async with translated():
                    found = await client.http.get_channel(self._alert_channel)
            except ChatError as error:
                if not error.permanent:
                    raise
                log.warning("discord.alert_channel cannot be used", error=str(error))
                return None
            self._alert_guild = int(str(found.get("guild_id") or 0))
        return self._alert_guild

    async def _send_notice(
        self,
        place: discord.abc.Messageable,
        workspace: str,
        notice: Notice,
        nonce: str | None,
    ) -> str:
        content, embed = notice_parts(notice.text)
        view = view_of(notice.buttons, notice.job_id, guild_id_of(workspace))
        options: dict[str, Any] = {"nonce": nonce} if nonce else {}
        async with translated():
            posted = await place.send(
                content,
                embed=embed or discord.utils.MISSING,
                view=view or discord.utils.MISSING,
                files=notice_files(notice),
                **options,
            )
        return traces.reference(posted.channel.id, posted.id)


# A job whose channel is gone may be retried in a direct message, where only a button's id can tell
# which server it is about.
def _card_view(card: Card) -> discord.ui.View | None:
    return view_of(card.buttons, card.job_id, guild_id_of(card.owner.workspace))


def _result_view(result: Result) -> discord.ui.View | None:
    return view_of(result_buttons(result), result.job_id, guild_id_of(result.owner.workspace))


def _only(owner: Member) -> discord.AllowedMentions:
    """A result pings its owner, nobody else."""
    users = [discord.Object(int(owner.id))]
    return discord.AllowedMentions(everyone=False, roles=False, users=users, replied_user=False)


def _reply(channel: int, card: int | None) -> dict[str, Any]:
    if card is None:
        return {}
    reference = discord.MessageReference(
        message_id=card, channel_id=channel, fail_if_not_exists=False
    )
    return {"reference": reference}
