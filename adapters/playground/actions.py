"""What a reaction or a button on the page stands for."""

from bot.jobs import Cause

REACTIONS = {
    "🔁": Cause.RETRY, "🔄": Cause.RETRY, "⬆": Cause.UPSCALE, "🔼": Cause.UPSCALE, "🎬": Cause.ANIMATE,
}  # fmt: skip
CANCEL = ("❌", "✖")
# Once they have been pressed there is nothing left to press.
DECIDING = ("confirm", "forget", "ask")
# Their answer is the admins' message itself, which has changed.
ALERT_ACTIONS = ("approve", "raise", "deny")


def action_of(emoji: str) -> str | None:
    """The action that an emoji asks for; None when it asks for nothing."""
    # U+FE0F asks for the colourful form of a sign; people send it or not.
    sign = emoji.replace("\ufe0f", "")
    return "cancel" if sign in CANCEL else REACTIONS.get(sign)
