"""What is said when a file had to change before a chat would take it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.messages.words import size
from bot.ports import Fitted, Reduction
from bot.text import Code, Link, Text
from bot.views import Result

# What a chat is offered after it refused a size that should have fitted; then the poster.
SMALLER_LIMITS = (10 * 1024 * 1024, 8 * 1024 * 1024)


def limits_to_try(limit: int) -> list[int]:
    """The channel's limit, and what to fall back to when it refuses that after all."""
    return [limit, *(smaller for smaller in SMALLER_LIMITS if smaller < limit)]


def with_fitted(result: Result, fitted: Sequence[Fitted]) -> Result:
    """The result with the files that the channel takes, and a line for each that had to change."""
    text = result.text
    for each in fitted:
        note = fitted_note(each)
        text = (*text, "\n", *note) if note else text
    files = tuple(each.media for each in fitted if each.media is not None)
    return replace(result, files=files, text=text)


def fitted_note(fitted: Fitted) -> Text:
    """What was done, and where the original is; empty for a file as it is."""
    was = size(fitted.original.size)
    match fitted.reduction:
        case Reduction.NONE:
            return ()
        case Reduction.COMPRESSED:
            happened = f"Compressed from {was} to fit here."
        case Reduction.CONVERTED:
            happened = "Converted so that it plays here."
        case Reduction.POSTER:
            happened = (
                f"The file ({was}) is too large for this channel, so this is a picture of it."
            )
        case Reduction.LEFT_OUT:
            happened = f"The file ({was}) is too large for this channel."
    if fitted.link is not None:
        return (f"{happened} ", Link(fitted.link, "Original"))
    return (f"{happened} An admin finds the original in the archive: ", Code(fitted.original.key))
