"""The small Slack under chaos: it stays up while replicas come and go, and keeps its own book."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.actor import Actor
from tests.chaos.chat import CARD_SECONDS, state_of
from tests.chaos.faults import Fault, for_a_while
from tests.chaos.slack_faults import slack_faults
from tests.scenario.page import Message
from tests.slack.methods import APP_TOKEN, BOT, BOT_TOKEN, SECRET
from tests.slack.server import Json, SlackServer
from tests.slack.workspace import ADA, BEN, PRIVATE, ROOM, Workspace, buttons, key_of

# Slack sends what nobody has acknowledged again.
MOST_SENDS = 4
# Something that was asked of nobody: the process went away, or stood still.
UNHEARD = (TimeoutError, ConnectionError, IndexError)


@dataclass
class SlackChat:
    """Over Socket Mode."""

    server: SlackServer
    workspace: Workspace
    rng: random.Random
    members: Sequence[str] = (ADA, BEN)
    gone: set[str] = field(default_factory=set)
    _doomed: str = ""
    _acknowledged: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    @classmethod
    async def open(cls, rng: random.Random, session: aiohttp.ClientSession) -> "SlackChat":
        server = SlackServer()
        await server.start()
        workspace = Workspace(server, session)
        workspace.furnish()
        chat = cls(server, workspace, rng)
        chat._open_channel()
        return chat

    @property
    def faults(self) -> Sequence[Fault]:
        deleted = Fault("channel deleted", 1, self._delete_channel)
        return (*slack_faults(self.server), deleted)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "DAILIES_PLAYGROUND__ENABLED": "false",
            "DAILIES_SLACK__API_BASE": f"{self.server.url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }

    async def ask(self, event: str, prompt: str, member: str) -> bool:
        """Type the command; what is not acknowledged is delivered again."""
        room = self.rng.choice((ROOM, PRIVATE, self._doomed))
        text = f"/imagine {prompt} --ratio 720:720"
        payload = self.workspace.command_payload(text, member, room)
        if not await self._send("slash_commands", payload):
            return False
        self._acknowledged[event] = f"command:{payload['trigger_id']}"
        if await for_a_while(lambda: event in self._shown(), CARD_SECONDS):
            self._seen.add(event)
        return True

    async def cancel(self, job: str, member: str) -> None:
        for channel, message in self._own():
            pressable = any(b["action_id"].endswith("cancel") for b in buttons(message))
            if key_of(message) == f"card:{job}" and pressable:
                press = self.workspace.press_payload(message, "cancel", member, channel)
                await self._send("interactive", press)
                return

    async def listening(self) -> None:
        """A command waits for a socket by itself."""

    async def messages(self) -> list[Message]:
        return [self._message(channel, message) for channel, message in self._own()]

    async def accepted(self) -> Sequence[str]:
        """Commands that were acknowledged, and whose prompt was on a card."""
        shown = self._shown() | self._seen
        return [key for event, key in self._acknowledged.items() if event in shown]

    def complaints(self) -> Sequence[str]:
        return [f"Slack would refuse: {problem}" for problem in self.server.errors]

    def book(self) -> object:
        calls = [vars(call) for call in self.server.calls]
        return {"calls": calls, "messages": self.server.messages}

    async def close(self) -> None:
        await self.server.stop()

    async def _delete_channel(self, _actor: Actor) -> bool:
        """One that people ask in; another is opened."""
        self.gone.add(self._doomed)
        del self.server.channels[self._doomed]
        said = self.server.messages.pop(self._doomed, None)
        self._open_channel()
        return bool(said)

    def _open_channel(self) -> None:
        self._doomed = f"C0DOOMED{len(self.gone)}"
        channel = {"id": self._doomed, "is_channel": True, "is_member": True}
        self.server.channels[self._doomed] = channel

    async def _send(self, kind: str, payload: Json) -> bool:
        for attempt in range(MOST_SENDS):
            again = {"retry_attempt": attempt} if attempt else {}
            try:
                await self.server.send(kind, payload, **again)
            except UNHEARD:
                continue
            return True
        return False

    def _shown(self) -> set[str]:
        """The words on all cards."""
        cards = [_text(m) for _, m in self._own() if key_of(m).startswith("card:")]
        return {word.strip("“”") for text in cards for word in text.split()}

    def _own(self) -> Iterator[tuple[str, Json]]:
        for channel, messages in self.server.messages.items():
            yield from ((channel, message) for message in messages if message["user"] == BOT)

    def _message(self, channel: str, message: Json) -> Message:
        kind, _, job = key_of(message).partition(":")
        private = channel.startswith("D")
        about = next((b["value"] for b in buttons(message)), None) if private else None
        return {
            "job_id": job if kind in ("card", "result", "end") else about,
            "private": private,
            "card": {"state": state_of(_status(message))} if kind == "card" else None,
            "files": [self.server.files[f["id"]]["name"] for f in message.get("files") or ()],
        }


def _text(message: Json) -> str:
    """All that stands in a message's sections."""
    blocks = message.get("blocks") or ()
    return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")


def _status(message: Json) -> str:
    lines = _text(message).split("\n")
    label = "*Status*"
    return next((line.removeprefix(label) for line in lines if line.startswith(label)), "unseen")
