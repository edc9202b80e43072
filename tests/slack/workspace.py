"""A workspace with people in it, who do what people do; over Socket Mode or signed HTTP."""

import asyncio
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
from PIL import Image
from slack_sdk.signature import SignatureVerifier

from tests.slack.methods import BOT, SECRET, TEAM, add_message
from tests.slack.server import SlackServer, post_signed

Json = dict[str, Any]
T = TypeVar("T")

ADA, BEN, GUEST, OUTSIDER = "U0ADA", "U0BEN", "U0GUEST", "U0OUT"
ROOM, PRIVATE, SHUT = "C0ROOM", "C0PRIVATE", "C0SHUT"


@dataclass
class Workspace:
    """Ada is an admin. The bot is in ROOM and PRIVATE, not in SHUT; `http` is the bot's address."""

    server: SlackServer
    session: aiohttp.ClientSession
    http: str | None = None
    statuses: list[int] = field(default_factory=list)

    def furnish(self) -> None:
        for user, more in {
            ADA: {"is_admin": True, "profile": {"display_name": "Ada"}},
            BEN: {"profile": {"display_name": "Ben <b>"}},
            GUEST: {"is_ultra_restricted": True},
            OUTSIDER: {"team_id": "T0OTHER"},
        }.items():
            self.server.users[user] = {"id": user, "name": user.lower(), "team_id": TEAM, **more}
        self.server.channels |= {
            ROOM: {"id": ROOM, "is_channel": True, "is_member": True},
            PRIVATE: {"id": PRIVATE, "is_private": True, "is_member": True},
            SHUT: {"id": SHUT, "is_private": True, "is_member": False},
        }

    async def send(self, kind: str, payload: Json, **more: Any) -> Json:
        """What the bot answered to the delivery, which it must do within three seconds."""
        if self.http is None:
            return await self.server.send(kind, payload, **more)
        body, content_type = json.dumps(payload), "application/json"
        if kind != "events_api":
            form = payload if kind == "slash_commands" else {"payload": body}
            body, content_type = urlencode(form), "application/x-www-form-urlencoded"
        stamp = str(int(time.time()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}
        begun = time.monotonic()
        async with asyncio.timeout(3):
            status, text = await post_signed(
                self.session, f"{self.http}/slack/events", body, content_type, headers
            )
        self.server.acks.append(time.monotonic() - begun)
        assert status == 200, (status, text)
        return {"text": text}

    def command_payload(self, text: str, user: str = ADA, channel: str = ROOM) -> Json:
        name, _, rest = text.partition(" ")
        return {
            "command": name,
            "text": rest,
            "user_id": user,
            "team_id": TEAM,
            "channel_id": channel,
            "channel_name": "room",
            "trigger_id": self.server.trigger(),
            "response_url": f"{self.server.url}/response/{self.server.number()}",
            "api_app_id": "A0",
        }

    async def command(self, text: str, user: str = ADA, channel: str = ROOM) -> Json:
        return await self.send("slash_commands", self.command_payload(text, user, channel))

    async def event(self, event: Json, event_id: str | None = None, **more: Any) -> Json:
        payload = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0",
            "event_id": event_id or f"Ev{self.server.number()}",
            "event": {"event_ts": self.server.ts(), **event},
            "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        }
        return await self.send("events_api", payload, **more)

    def set_reaction(self, message: Json, name: str, user: str = ADA) -> None:
        """What can be seen under a message; nobody is told of it."""
        groups = message.setdefault("reactions", [])
        group = next((group for group in groups if group["name"] == name), None)
        if group is None:
            groups.append(group := {"name": name, "users": [], "count": 0})
        if user not in group["users"]:
            group["users"].append(user)
            group["count"] += 1

    def take_back(self, message: Json, name: str, user: str = ADA) -> None:
        group = next(group for group in message["reactions"] if group["name"] == name)
        group["users"].remove(user)
        group["count"] -= 1
        if not group["users"]:
            message["reactions"].remove(group)
        if not message["reactions"]:
            del message["reactions"]

    async def react(
        self, message: Json, name: str, user: str = ADA, channel: str = ROOM, **more: Any
    ) -> Json:
        """Set it, and tell of it; `event_ts` may name another moment than this one."""
        self.set_reaction(message, name, user)
        item = {"type": "message", "channel": channel, "ts": message["ts"]}
        event = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
        if "event_ts" in more:
            event["event_ts"] = more.pop("event_ts")
        return await self.event({**event, "item_user": message.get("user")}, **more)

    def press_payload(
        self, message: Json, action: str, user: str = ADA, channel: str = ROOM
    ) -> Json:
        pressed = next(b for b in buttons(message) if b["action_id"].endswith(action))
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        return {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": self.server.users[user]["team_id"]},
            "channel": {"id": channel},
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel}
            | thread,
            "message": message,
            "trigger_id": self.server.trigger(),
            "response_url": f"{self.server.url}/response/{self.server.number()}",
            "actions": [{**pressed, "action_ts": self.server.ts()}],
        }

    async def press(self, message: Json, action: str, user: str = ADA, channel: str = ROOM) -> Json:
        return await self.send("interactive", self.press_payload(message, action, user, channel))

    async def shortcut(
        self, callback: str, message: Json, user: str = ADA, team: str = TEAM
    ) -> Json:
        payload = {
            "type": "message_action",
            "callback_id": callback,
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": team},
            "channel": {"id": ROOM},
            "message_ts": message["ts"],
            "message": message,
            "action_ts": self.server.ts(),
            "trigger_id": self.server.trigger(),
            "response_url": f"{self.server.url}/response/{self.server.number()}",
        }
        return await self.send("interactive", payload)

    async def submit(self, view: Json, user: str = ADA, **values: Any) -> Json:
        """Fill in a form and send it: text by `prompt`, files by `files`, choices by name.

        Slack itself sends none in which something compulsory is missing.
        """
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "trigger_id": self.server.trigger(),
            "view": {**view, "state": {"values": _state(view, values)}},
        }
        return await self.send("interactive", payload)

    def add_file(self, name: str, content: bytes, mimetype: str = "image/png", **more: Any) -> Json:
        """A file that somebody uploaded."""
        file = f"F{self.server.number():06d}"
        url = f"{self.server.url}/files/{file}/{name}"
        kept = {"id": file, "name": name, "mimetype": mimetype, "size": len(content)}
        kept |= {"url_private": url, "url_private_download": url, **more}
        self.server.files[file] = {**kept, "content": content, "shares": {}}
        return kept

    def say(self, text: str, channel: str = ROOM, thread: str | None = None, **more: Any) -> Json:
        message = {"text": text, "user": ADA, **more}
        return add_message(self.server, channel, message, thread)

    async def until(self, found: Callable[[], T | None], within: float = 40.0) -> T:
        """What is true sooner or later; looked at whenever the bot has called."""
        async with asyncio.timeout(within):
            while True:
                if (value := found()) is not None:
                    return value
                await asyncio.sleep(0.02)

    def in_channel(self, channel: str = ROOM) -> list[Json]:
        return self.server.messages.get(channel, [])

    async def card(self, number: int = 1, channel: str = ROOM) -> Json:
        """The nth card in a channel."""
        return await self.until(lambda: _nth(self.in_channel(channel), number, is_card))

    async def done(self, channel: str = ROOM) -> Json:
        """A card that says that its job is done: it is settled then, too."""
        said = "*Done*"
        return await self.until(
            lambda: next((m for m in self.in_channel(channel) if said in shown(m)), None)
        )

    async def result(self, number: int = 1, channel: str = ROOM, within: float = 40.0) -> Json:
        """The nth result in a channel."""
        return await self.until(lambda: _nth(self.in_channel(channel), number, is_result), within)

    async def whisper(self, number: int = 1) -> str:
        """The text of the nth private answer: by a response_url, or as an ephemeral message."""

        def found() -> str | None:
            said = [r for r in self.server.responses if "text" in r] + self.server.ephemeral
            return str(said[number - 1]["text"]) if len(said) >= number else None

        return await self.until(found)


def png(width: int = 640, height: int = 640) -> bytes:
    content = io.BytesIO()
    noise = Image.effect_noise((40, 40), 60).convert("RGB")
    noise.resize((width, height)).save(content, "PNG", compress_level=1)
    return content.getvalue()


def buttons(message: Json) -> list[Json]:
    rows = [b["elements"] for b in message.get("blocks") or () if b["type"] == "actions"]
    return [element for row in rows for element in row]


def is_card(message: Json) -> bool:
    return key_of(message).startswith("card:")


def is_result(message: Json) -> bool:
    return key_of(message).startswith("result:")


def key_of(message: Json) -> str:
    return str(((message.get("metadata") or {}).get("event_payload") or {}).get("key", ""))


def shown(message: Json) -> str:
    """All that a message says."""
    return json.dumps([message.get("text"), message.get("blocks")], ensure_ascii=False)


def _nth(messages: list[Json], number: int, wanted: Callable[[Json], bool]) -> Json | None:
    found = [message for message in messages if wanted(message)]
    return found[number - 1] if len(found) >= number else None


def _state(view: Json, values: Json) -> Json:
    state: Json = {}
    for number, block in enumerate(view["blocks"]):
        if block["type"] != "input":
            continue
        element = block["element"]
        kind, action = element["type"], element["action_id"]
        given = values.get(action.rpartition(":")[2])
        entry: Json = {"type": kind}
        if kind == "plain_text_input":
            entry["value"] = given or element.get("initial_value")
        elif kind == "file_input":
            entry["files"] = given
        elif kind == "users_select":
            entry["selected_user"] = given
        else:
            option = {"value": given} if given else element.get("initial_option")
            entry["selected_option"] = option
        empty = not any(value for name, value in entry.items() if name != "type")
        assert block.get("optional") or not empty, f"{action} is compulsory"
        assert len(entry.get("files") or ()) <= element.get("max_files", 10), "too many files"
        state[block.get("block_id") or f"b{number}"] = {action: entry}
    return state
