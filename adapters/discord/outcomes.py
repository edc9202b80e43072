"""What a person hears in the end: the answer, a refusal, or that the answer was lost."""

from collections.abc import Awaitable, Callable

import discord
import structlog

from adapters.discord import texts
from adapters.discord.buttons import Press
from adapters.discord.exchange import Exchange, NotOurs
from bot.errors import ChatError, Refused
from bot.jobs import Job
from bot.service import DECIDING, OF_ADMINS
from bot.views import Notice

log = structlog.get_logger()


async def answered(exchange: Exchange, answer: Job | Notice, last: Awaitable[None]) -> None:
    """Say what came of something; it has happened, also where nobody gets to hear of it."""
    try:
        await last
    except Exception as error:  # what is done must never be called a failure
        why = None if isinstance(error, ChatError) else error
        log.warning(
            "answer lost", interaction=exchange.interaction.id, error=str(error), exc_info=why
        )
        await say(exchange, texts.lost(answer))


async def after_press(exchange: Exchange, press: Press, answer: Job | Notice) -> None:
    """Say what a click has done, where its own message does not show it."""
    private = exchange.interaction.message
    if press.action in OF_ADMINS:
        return
    notice = answer if isinstance(answer, Notice) else texts.started()
    if press.action in DECIDING and private is not None:
        await exchange.replace(notice)
    elif isinstance(answer, Notice):
        await exchange.tell(answer)


async def refused_at_once(exchange: Exchange, check: Callable[[], None]) -> bool:
    """Whether a check that needs no waiting refused it; then that is the first response."""
    try:
        check()
    except Refused as error:
        await exchange.refuse(texts.refused(error))
        return True
    return False


async def say(exchange: Exchange, notice: Notice) -> None:
    """Tell a person privately, in whichever way is still open."""
    try:
        if exchange.acknowledged:
            await exchange.tell(notice)
        else:
            await exchange.refuse(notice)
    except (NotOurs, ChatError, discord.HTTPException, OSError) as error:
        log.warning("not told", interaction=exchange.interaction.id, error=str(error))
