"""Refusals that are nobody's fault who asked."""

from bot import errors
from bot.messages.refusals.base import refusal
from bot.text import Text


@refusal.register
def _(_: errors.StorageUnavailable) -> Text:
    return (
        "Dailies cannot reach its database right now, so nothing was started. "
        "Please try again in a minute; jobs that run go on by themselves.",
    )
