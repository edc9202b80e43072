"""Keeps Discord's list of our commands true, with a write only where something has changed."""

from collections.abc import Mapping
from typing import Any

import structlog

from adapters.discord.failures import translated
from adapters.discord.line import Line
from adapters.discord.specification import Payload, commands_payload
from bot.catalog import Catalog
from bot.errors import ChatError
from bot.ports import Clock

log = structlog.get_logger()

# How often the offered models are looked at: commands come and go with them.
LOOK_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0


class CommandSync:
    """Run by one process only: the one that has the first shard."""

    def __init__(self, line: Line, catalog: Catalog, clock: Clock) -> None:
        self._line = line
        self._catalog = catalog
        self._clock = clock
        self._known: list[Payload] | None = None

    async def keep(self) -> None:
        """Look now and then, for ever."""
        pause = LOOK_SECONDS
        while True:
            try:
                await self.sync()
                pause = LOOK_SECONDS
            except ChatError as error:
                log.warning("commands not written", error=str(error))
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            await self._clock.sleep(pause)

    async def sync(self) -> None:
        """Write the commands where Discord has others; raises ChatError."""
        wanted = commands_payload(self._catalog)
        if wanted == self._known:
            return
        client = await self._line.client()
        application = client.application_id
        if application is None:
            raise ChatError("the application is not known")
        async with translated():
            current = await client.http.get_global_commands(application)
            if not same_commands(wanted, [dict(command) for command in current]):
                await client.http.bulk_upsert_global_commands(application, wanted)
                log.info("commands written", count=len(wanted))
        self._known = wanted


def same_commands(wanted: list[Payload], current: list[dict[str, Any]]) -> bool:
    """Whether Discord's commands say what ours do; it adds fields of its own."""
    ours = {(command["type"], command["name"]): command for command in wanted}
    theirs = {(command.get("type", 1), command["name"]): command for command in current}
    return ours.keys() == theirs.keys() and all(
        _same(command, theirs[key]) for key, command in ours.items()
    )


# What a field is where it is left out; the other fields are Discord's own business.
_LEFT_OUT: dict[str, Any] = {
    "options": [],
    "choices": [],
    "required": False,
    "autocomplete": False,
    "default_member_permissions": None,
    "min_value": None,
    "max_value": None,
}


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        names = ours.keys() | (theirs.keys() & _LEFT_OUT.keys())
        return all(_same(_field(ours, name), _field(theirs, name)) for name in names)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return bool(ours == theirs)


def _field(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name)
    if name == "default_member_permissions" and value is not None:
        return str(value)  # written as a number, read as a text
    return _LEFT_OUT.get(name) if value is None else value
