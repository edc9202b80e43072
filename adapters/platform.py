"""What the composition root needs of every platform."""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from bot.ports import ChatPlatform
from bot.service import Service

# Told how many seconds it took from an event to its first answer.
Acknowledged = Callable[[float], object]


def unmeasured(_seconds: float) -> None:
    """Where nobody wants to know."""


class Platform(Protocol):
    """A place where people are: its chat for the core, and what it must be given to run.

    The order is: build, `connect` with the service, `add_routes`, `start` once the web server
    listens, `stop` before it ends, `close` when no job is carried any more.
    """

    @property
    def name(self) -> str:
        """The platform's part of a workspace's name, as in `discord:4711`."""
        ...

    @property
    def chat(self) -> ChatPlatform: ...

    def connect(self, service: Service) -> None:
        """Hand over the core's use cases; nothing has started yet."""
        ...

    def add_routes(self, app: web.Application) -> None:
        """Add what the platform serves on our web server."""
        ...

    def connected(self) -> bool:
        """Whether people are heard at this moment."""
        ...

    async def start(self) -> None:
        """Begin to listen to people."""
        ...

    async def stop(self) -> None:
        """Stop listening; jobs under way may still be shown and delivered."""
        ...

    async def close(self) -> None:
        """Let go of what showing and delivering needed; also called where nothing was started."""
        ...
