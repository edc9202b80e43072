"""The ports again, measured on the way: nothing in the core knows that it is watched."""

from bot.observed.chat import ObservedChat
from bot.observed.provider import ObservedProvider
from bot.observed.storage import ObservedStorage

__all__ = ["ObservedChat", "ObservedProvider", "ObservedStorage"]
