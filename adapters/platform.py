"""What the composition root needs of every platform."""

from typing import Protocol

from aiohttp import web

from bot.ports import ChatPlatform
from bot.service import Service


class Platform(Protocol):
    """A place where people are: its chat for the core, and what it must be given to run.

    The order is: build, `connect` with the service, `add_routes`, `start` once the web server
    listens, `stop` before the jobs under way are waited for, `close` when nothing is left to show.
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

    async def start(self) -> None:
        """Begin to listen to people."""
        ...

    async def stop(self) -> None:
        """Stop listening; jobs under way may still be shown and delivered."""
        ...

    async def close(self) -> None:
        """Let go of everything: nothing is shown any more."""
        ...
