"""The small Discord under chaos: it stays up while replicas come and go, and keeps its own book."""

import random
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from tests.chaos.actor import Actor
from tests.chaos.chat import CARD_SECONDS, state_of
from tests.chaos.discord_faults import discord_faults
from tests.chaos.faults import Fault, for_a_while
from tests.discord.asking import Asked
from tests.discord.clock import Clock
from tests.discord.objects import ADA, BEN, BOT, CHANNEL, FAR, Object, channel, snowflake
from tests.discord.routes import application
from tests.discord.server import TOKEN, Discord, start
from tests.scenario.page import Message

ANSWER_SECONDS = 3.5
LISTENING_SECONDS = 12.0
_BUTTON = re.compile(r"dailies:[a-z]+:([\w-]+)")


class Hurried(Clock):
    """Discord's own time: a session may be begun each half second, not each five."""

    def monotonic(self) -> float:
        return 10 * super().monotonic()


@dataclass
class DiscordChat:
    """As many shards as it has servers are divided over the replicas."""

    discord: Discord
    rng: random.Random
    runner: web.AppRunner
    members: Sequence[str] = (ADA, BEN)
    gone: set[str] = field(default_factory=set)
    _doomed: str = ""
    _seen: set[str] = field(default_factory=set)
    _asked: list[tuple[str, Asked]] = field(default_factory=list)

    @classmethod
    async def open(cls, rng: random.Random, shards: int) -> "DiscordChat":
        discord = Discord(clock=Hurried())
        discord.gateway.shards = discord.gateway.max_concurrency = shards
        chat = cls(discord, rng, await start(discord, application(discord)))
        await chat._open_channel()
        return chat

    @property
    def faults(self) -> Sequence[Fault]:
        deleted = Fault("channel deleted", 1, self._delete_channel)
        return (*discord_faults(self.discord), deleted)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "DAILIES_PLAYGROUND__ENABLED": "false",
            "DISCORD_TOKEN": TOKEN,
            "DAILIES_DISCORD__API_BASE": f"{self.discord.url}/api/v10",
            "DAILIES_DISCORD__GATEWAY": self.discord.gateway.url,
        }

    async def ask(self, event: str, prompt: str, member: str) -> bool:
        """Type the command; an interaction that nobody has answered in three seconds is dead."""
        if not (self.discord.commands and self.discord.gateway.is_listened_to()):
            await self.listening()
        if not self.discord.commands:
            return False
        where = self.rng.choice((CHANNEL, FAR, self._doomed))
        options = {"prompt": prompt, "ratio": "720:720"}
        asked = await self.discord.command("imagine", options, who=member, channel=where)
        self._asked.append((event, asked))
        with suppress(TimeoutError):
            await self.discord.until(lambda: asked.callback, ANSWER_SECONDS)
        await for_a_while(lambda: asked.callback is None or event in self._shown(), CARD_SECONDS)
        if event in self._shown():
            self._seen.add(event)
        return asked.callback is not None

    async def cancel(self, job: str, member: str) -> None:
        for message in self._own():
            buttons = [b["custom_id"] for row in message["components"] for b in row["components"]]
            for button in buttons:
                if button.split(":")[1:3] == ["cancel", job]:
                    await self.discord.press(message, button, member)
                    return

    async def listening(self) -> None:
        gateway = self.discord.gateway
        with suppress(TimeoutError):
            await self.discord.until(
                lambda: (
                    self.discord.commands
                    and len(gateway.sessions) >= gateway.shards
                    and gateway.is_listened_to()
                ),
                LISTENING_SECONDS,
            )

    async def messages(self) -> list[Message]:
        return [_message(message, self.discord.messages) for message in self._own()]

    async def accepted(self) -> Sequence[str]:
        """Interactions that were acknowledged, and whose prompt was on a card."""
        shown = self._shown() | self._seen
        return [f"interaction:{a.id}" for event, a in self._asked if a.callback and event in shown]

    def complaints(self) -> Sequence[str]:
        return [f"Discord would refuse: {problem}" for problem in self.discord.violations]

    def book(self) -> object:
        return {"requests": self.discord.requests, "messages": self.discord.messages}

    async def close(self) -> None:
        await self.discord.gateway.close()
        await self.runner.cleanup()

    async def _delete_channel(self, _actor: Actor) -> bool:
        """One that people ask in; another is opened."""
        gone = self.discord.channels.pop(self._doomed)
        self.gone.add(self._doomed)
        said = self.discord.in_channel(self._doomed)
        for message in said:
            del self.discord.messages[message["id"]]
        with suppress(ConnectionError):
            await self.discord.gateway.dispatch("CHANNEL_DELETE", gone)
        await self._open_channel()
        return bool(said)

    async def _open_channel(self) -> None:
        self._doomed = snowflake()
        opened = channel(self._doomed, f"doomed {len(self.gone)}")
        self.discord.channels[self._doomed] = opened
        with suppress(ConnectionError):
            await self.discord.gateway.dispatch("CHANNEL_CREATE", opened)

    def _shown(self) -> set[str]:
        """The words of the prompts on all cards."""
        prompts = [m["embeds"][0].get("description", "") for m in self._own() if card_job(m)]
        return {word for prompt in prompts for word in prompt.split()}

    def _own(self) -> list[Object]:
        """What the bot has posted, apart from what still says that an answer comes."""
        messages = self.discord.messages.values()
        return [m for m in messages if m["author"]["id"] == BOT and not m.get("loading")]


def card_job(message: Object) -> str | None:
    """The job whose card a message is."""
    return _field(message, "Job").strip("`") or None


def _field(message: Object, name: str) -> str:
    fields = [each for embed in message["embeds"] for each in embed.get("fields", ())]
    return next((str(each["value"]) for each in fields if each["name"] == name), "")


def _message(message: Object, book: Mapping[str, Object]) -> Message:
    job = card_job(message)
    return {
        "job_id": job or _subject(message, book),
        "private": message["channel_id"].startswith("9"),
        "card": {"state": state_of(_field(message, "Status"))} if job else None,
        "files": [] if job else [file["filename"] for file in message["attachments"]],
    }


def _subject(message: Object, book: Mapping[str, Object]) -> str | None:
    """The job that a message tells the end of: by what it replies to, or by its buttons."""
    replied = book.get((message.get("message_reference") or {}).get("message_id", ""))
    if replied is not None:
        return card_job(replied)
    ids = [button["custom_id"] for row in message["components"] for button in row["components"]]
    return next((found[1] for found in map(_BUTTON.match, ids) if found), None)
