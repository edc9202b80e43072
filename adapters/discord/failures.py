"""discord.py's failures as ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot.errors import ChatError

# Unknown channel, guild or message; no access; no permission; no direct messages; archived thread.
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_PERMANENT = frozenset({10003, 10004, 10008, 50001, 50007, 50013, 50083, 160005})
UNKNOWN_MESSAGE = 10008
TOO_LARGE = 40005
ALREADY_ACKNOWLEDGED = 40060
UNKNOWN_INTERACTION = 10062

# What discord.py lets through besides its own (discord/http.py retries no Linux ECONNRESET and no
# broken connection); a session that a new connection has replaced is a RuntimeError.
NETWORK = (aiohttp.ClientError, OSError, TimeoutError)


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Failures of Discord as ChatError; whether trying again would help follows from the code."""
    try:
        yield
    except discord.HTTPException as error:
        detail = f"Discord answered {error.status}, code {error.code}"
        raise ChatError(detail, permanent=error.code in _PERMANENT) from error
    except discord.RateLimited as error:
        raise ChatError(f"Discord asks to wait {error.retry_after:.0f} s") from error
    except NETWORK as error:
        raise ChatError(f"Discord was not reached: {type(error).__name__}") from error
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        raise ChatError("the connection to Discord was just replaced") from error


def is_too_large(error: ChatError) -> bool:
    """Whether it was the size of the upload that Discord did not take."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and (
        cause.status == 413 or cause.code == TOO_LARGE
    )


def is_gone(error: ChatError) -> bool:
    """Whether it was about a message that is not there any more."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and cause.code == UNKNOWN_MESSAGE
