"""Where a message is, and finding one again that may have been sent before a crash.

A message's reference is `<channel id>/<message id>`. The nonce of a message makes Discord itself
refuse a second one, but only for a few minutes; after that it is looked for in the channel.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

import discord

from adapters.discord.buttons import read_id
from bot.errors import ChatError

# https://discord.com/developers/docs/resources/message#create-message
MOST_NONCE = 25
# As many messages of a channel are looked through.
MOST_LOOKED_THROUGH = 300

Message = discord.Message


def reference(channel: int, message: int) -> str:
    """A message, as the core keeps it."""
    return f"{channel}/{message}"


def parts(ref: str) -> tuple[int, int]:
    """Channel and message of a reference; a ChatError when it is none."""
    channel, _, message = ref.partition("/")
    if not (channel.isdecimal() and message.isdecimal()):
        raise ChatError(f"{ref!r} is no message", permanent=True)
    return int(channel), int(message)


def nonce_of(key: str) -> str:
    """The same short text for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:MOST_NONCE]


def is_card_of(message: Message, job_id: str) -> bool:
    """Whether a message is the card of a job: it names the job in its last line."""
    fields = (field for embed in message.embeds for field in embed.fields)
    return any(field.name == "Job" and field.value == f"`{job_id}`" for field in fields)


def is_result_of(message: Message, job_id: str, card: int | None) -> bool:
    """Whether a message tells a job's end: by its buttons, its files, or what it replies to."""
    if message.embeds and is_card_of(message, job_id):
        return False
    replied = message.reference.message_id if message.reference else None
    return (
        (card is not None and replied == card)
        or job_id in subjects_of(message)
        or any(_is_named_after(job_id, file.filename) for file in message.attachments)
    )


def _is_named_after(job_id: str, name: str) -> bool:
    """Whether a file is one of a job's; words of its prompt come first, maybe another job's id."""
    return re.search(rf"-{re.escape(job_id)}(-\d{{1,2}})?\.\w+$", name) is not None


def subjects_of(message: Message) -> set[str]:
    """What the buttons under a message are about."""
    found = set()
    for row in message.components:
        for item in getattr(row, "children", ()):
            press = read_id(getattr(item, "custom_id", None) or "")
            if press is not None:
                found.add(press.subject)
    return found


def begins_after(card: int | None, again: datetime | None) -> int | None:
    """The message, or the moment as one, after which a result's message can only have been sent."""
    return card if again is None else max(card or 0, discord.utils.time_snowflake(again))


async def find(
    channel: discord.PartialMessageable,
    own_id: int,
    wanted: Callable[[Message], bool],
    after: int | None = None,
) -> int | None:
    """The id of our own message in a channel that is wanted, the newest first."""
    try:
        async for message in channel.history(limit=MOST_LOOKED_THROUGH if after else 100):
            if after is not None and message.id <= after:
                return None
            if message.author.id == own_id and wanted(message):
                return message.id
    except (discord.Forbidden, discord.NotFound):
        return None  # we may not read here; the nonce has to do, and sending says what is wrong
    return None
