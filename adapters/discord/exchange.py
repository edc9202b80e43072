"""One interaction: acknowledged in time, then answered in the way that is still open.

Discord wants a first response within 3 s; it decides for good whether the answer is public. A job's
public placeholder becomes its card; whatever else turns out withdraws it and is said privately.
https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import discord
import structlog

from adapters.discord import texts
from adapters.discord.buttons import view_of
from adapters.discord.failures import (
    ALREADY_ACKNOWLEDGED,
    NETWORK,
    UNKNOWN_INTERACTION,
    is_gone,
    translated,
)
from adapters.discord.members import guild_id_of
from adapters.discord.places import id_of, place_of
from adapters.discord.render import notice_files, notice_parts
from adapters.platform import Acknowledged, unmeasured
from bot.errors import ChatError
from bot.jobs import Member
from bot.views import Notice

log = structlog.get_logger()

Interaction = discord.Interaction[discord.Client]
T = TypeVar("T")

# The token's 15 minutes, less what an answer may take on its way.
TOKEN_SECONDS = 14 * 60
_TRIES = 3
_PAUSE_SECONDS = 0.1
# The library's shortest one before it tries a 5xx again by itself (discord/webhook/async_.py).
_LIBRARY_PAUSE_SECONDS = 1.0


class NotOurs(Exception):
    """The interaction is acknowledged already, or too old: nothing more is to be done with it."""


class Exchange:
    """An interaction and what has been answered so far."""

    def __init__(
        self,
        interaction: Interaction,
        member: Member,
        acknowledged: Acknowledged = unmeasured,
    ) -> None:
        self._measure = acknowledged
        self.interaction = interaction
        self.member = member
        self._began = time.monotonic()
        self._placeholder = False
        self._private = False
        self._open = True
        self._acknowledged = False

    @property
    def channel(self) -> str:
        """Where it is, as jobs have it."""
        return place_of(self.interaction.channel_id or 0, self.interaction.channel)

    @property
    def acknowledged(self) -> bool:
        """Whether there was a first response."""
        return self._acknowledged

    @property
    def is_open(self) -> bool:
        """Whether an answer can still be given through the interaction."""
        return self._open and time.monotonic() - self._began < TOKEN_SECONDS

    async def acknowledge(self, *, public: bool) -> None:
        """Say that an answer comes, as a message of its own; raises NotOurs."""
        await self._respond(
            lambda: self.interaction.response.defer(ephemeral=not public, thinking=True)
        )
        self._placeholder, self._private = True, not public

    async def acknowledge_silently(self) -> None:
        """Say that a click was seen, and nothing else; raises NotOurs."""
        await self._respond(lambda: self.interaction.response.defer())

    async def refuse(self, notice: Notice) -> None:
        """Answer privately at once, as the first response; raises NotOurs."""
        content, embed = notice_parts(notice.text)
        view = self._view(notice) or discord.utils.MISSING
        shown = embed or discord.utils.MISSING
        respond = self.interaction.response
        await self._respond(
            lambda: respond.send_message(content, embed=shown, view=view, ephemeral=True)
        )

    async def open_form(self, form: discord.ui.Modal) -> None:
        """Show a form, which must be the first response; raises NotOurs."""
        # One that has ended is not kept by discord.py: it would forget it at the next start anyway.
        form.stop()
        await self._respond(lambda: self.interaction.response.send_modal(form))

    def takes_card(self, channel: str, owner: Member) -> bool:
        """Whether the placeholder waits for the card of this member's job, here."""
        waiting = self._placeholder and self.is_open and not self._private
        return waiting and id_of(channel) == id_of(self.channel) and owner == self.member

    async def become_card(self, embed: discord.Embed, view: discord.ui.View | None) -> int:
        """Turn the placeholder into a card; returns the message's id. Raises ChatError."""
        message = await _insisting(
            lambda: self.interaction.edit_original_response(embed=embed, view=view)
        )
        self._placeholder = False
        return message.id

    def keep_card(self) -> None:
        """The placeholder turned out to be a card: it is not taken back."""
        self._placeholder = False

    async def tell(self, notice: Notice) -> None:
        """Answer privately; nothing of it becomes public. Raises ChatError."""
        content, embed = notice_parts(notice.text)
        view = self._view(notice)
        edit, follow_up = self.interaction.edit_original_response, self.interaction.followup.send
        if self._placeholder and self._private:
            # The files are made anew for each try: one is read to its end by a try that fails.
            await _insisting(
                lambda: edit(
                    content=content, embed=embed, view=view, attachments=notice_files(notice)
                )
            )
            self._placeholder = False
            return
        await self.withdraw()
        # A follow-up would fill the placeholder, and be as public as that is.
        if self._placeholder:
            raise ChatError("the public placeholder would show it")
        # Of a try whose answer is lost nobody knows: the same words twice are better than none.
        await _insisting(
            lambda: follow_up(
                content or "",
                embed=embed or discord.utils.MISSING,
                view=view or discord.utils.MISSING,
                files=notice_files(notice),
                ephemeral=True,
            )
        )

    async def replace(self, notice: Notice) -> None:
        """Put an answer in the place of the private message whose button was pressed."""
        content, embed = notice_parts(notice.text)
        await _insisting(
            lambda: self.interaction.edit_original_response(content=content, embed=embed, view=None)
        )

    async def withdraw(self) -> None:
        """Take the public placeholder back, if there is one, or else have it say nothing."""
        if not self._placeholder or self._private:
            return
        edit = self.interaction.edit_original_response
        ways = (
            self.interaction.delete_original_response,
            lambda: edit(content=texts.ELSEWHERE),
        )
        for way in ways:
            try:
                await _insisting(way)
            except ChatError as error:
                if not is_gone(error):
                    log.info("placeholder not taken back", reason=str(error))
                    continue
            self._placeholder = False
            return

    def close(self) -> None:
        self._open = False

    def _view(self, notice: Notice) -> discord.ui.View | None:
        return view_of(notice.buttons, notice.job_id, guild_id_of(self.member.workspace))

    async def _respond(self, first: Callable[[], Awaitable[object]]) -> None:
        """The first response; after a broken connection or a 5xx, nobody knows whether it arrived."""
        unsure = False
        for left in reversed(range(_TRIES)):
            began = time.monotonic()
            try:
                await first()
                break
            except discord.InteractionResponded:
                break
            except discord.HTTPException as error:
                unsure = unsure or time.monotonic() - began >= _LIBRARY_PAUSE_SECONDS
                if error.code == ALREADY_ACKNOWLEDGED and unsure:
                    break
                if error.code in (ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION):
                    raise NotOurs(f"code {error.code}") from error
                raise
            except NETWORK:
                unsure = True
                if not left:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
        self._acknowledged = True
        self._measure(time.monotonic() - self._began)


async def _insisting(send: Callable[[], Awaitable[T]]) -> T:
    """What sending gives, tried again where that may help; raises ChatError."""
    left = _TRIES
    while True:
        left -= 1
        try:
            async with translated():
                return await send()
        except ChatError as error:
            if error.permanent or not left:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def current() -> Exchange | None:
    """The interaction that this task is answering, while it is."""
    exchange = _current.get()
    return exchange if exchange is not None and exchange.is_open else None


@contextmanager
def answering(exchange: Exchange) -> Iterator[None]:
    """What is shown inside may use the interaction."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        exchange.close()
        _current.reset(token)
