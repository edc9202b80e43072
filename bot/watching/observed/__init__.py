"""The ports again, measured on the way: nothing in the core knows that it is watched."""

from bot.watching.observed.chat import ObservedChat
from bot.watching.observed.provider import ObservedProvider
from bot.watching.observed.storage import ObservedStorage

__all__ = ["ObservedChat", "ObservedProvider", "ObservedStorage"]
