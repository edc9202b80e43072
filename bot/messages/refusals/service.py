"""Refusals that are nobody's fault who asked."""

from bot import errors
from bot.messages.refusals.base import refusal
from bot.text import Code, Text


@refusal.register
def _(e: errors.StorageUnavailable) -> Text:
    if e.begun:
        return (
            "Dailies cannot reach its database right now, so this may or may not have been done. "
            "Please look before you try again in a minute: ",
            Code("/history"),
            " has your jobs, and ",
            Code("/quota show"),
            " what admins set. Jobs that run go on by themselves.",
        )
    return (
        "Dailies cannot reach its database right now, so nothing was started. "
        "Please try again in a minute; jobs that run go on by themselves.",
    )
