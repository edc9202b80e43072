"""Messages that are there already: found by their `ts`, and the job that one of ours is about."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from adapters.slack.api import SlackApi
from adapters.slack.downloads import SlackFile
from adapters.slack.errors import SlackRefused
from adapters.slack.render import key_in
from bot.ports import Receipt, Receipts

log = structlog.get_logger()

Message = Mapping[str, Any]
_NOT_THERE = ("thread_not_found", "message_not_found", "channel_not_found", "not_in_channel")


async def find_message(api: SlackApi, channel: str, ts: str) -> Message | None:
    """A message by its channel and `ts`, also inside of a thread."""
    window = {"latest": ts, "oldest": ts, "inclusive": "true", "include_all_metadata": "true"}
    for method, where in (
        ("conversations.history", {"limit": 1}),
        ("conversations.replies", {"ts": ts, "limit": 10}),
    ):
        try:
            answer = await api.read(method, channel=channel, **window, **where)
        except SlackRefused as error:
            if error.code not in _NOT_THERE:
                raise
            continue
        messages: Sequence[Message] = answer.get("messages") or ()
        found = next((m for m in messages if m.get("ts") == ts), None)
        if found is not None:
            return found
    return None


def media_of(message: Message) -> list[SlackFile]:
    """The images and videos of a message; a stub that does not say may be one."""
    files = message.get("files") or ()
    return [file for file in files if _may_be_media(file)]


async def subject_of(api: SlackApi, receipts: Receipts, channel: str, ts: str) -> Receipt | None:
    """The receipt of one of our messages: by its `ts`, by the key it carries, or by its file."""
    workspace = api.identity.workspace
    known = await receipts.of_message(workspace, channel, ts)
    if known is not None:
        return known
    message = await find_message(api, channel, ts)
    if message is None or not _is_ours(api, message):
        return None
    keys = [key_in(message), *(f"file:{file.get('id')}" for file in message.get("files") or ())]
    for key in filter(None, keys):
        found = await receipts.receipt(workspace, key)
        if found is not None and found.channel.partition("/")[0] == channel:
            return found if found.message == ts else await receipts.note(found, message=ts)
    return None


def _is_ours(api: SlackApi, message: Message) -> bool:
    who = api.identity
    authors = (message.get("user"), message.get("bot_id"))
    # A message that does not say who sent it is judged by its key or file alone.
    return not any(authors) or who.bot_user in authors or bool(who.bot and who.bot in authors)


def _may_be_media(file: SlackFile) -> bool:
    kind = str(file.get("mimetype") or "image/")
    return kind.startswith(("image/", "video/"))
