"""What is said when something cannot be done: what is wrong, and what would work."""

from functools import singledispatch

from bot import errors
from bot.text import Code, Text, shorten

# Longer than any option's value; what was typed is quoted, but not at length.
MOST_QUOTED = 60


@singledispatch
def refusal(error: errors.Refused) -> Text:
    """The text for a refusal."""
    raise NotImplementedError(type(error).__name__)


def quote(text: str) -> Code:
    """What a person typed, not at length."""
    return Code(shorten(text, MOST_QUOTED))
