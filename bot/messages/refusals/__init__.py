"""What is said when something cannot be done; importing this knows every refusal."""

from bot import errors
from bot.messages.refusals import quotas, requests, service
from bot.messages.refusals.base import refusal
from bot.views import Button, Notice


def refusal_notice(error: errors.Refused) -> Notice:
    """The refusal with what can be done about it."""
    draft = error.draft if isinstance(error, errors.NotEnoughCredits) else None
    buttons = (Button("Ask an admin", "ask"),) if draft else ()
    return Notice(refusal(error), buttons, draft)


__all__ = ["quotas", "refusal", "refusal_notice", "requests", "service"]
