"""A small strict Discord on this machine: REST and gateway, for an unmodified discord.py."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.discord import objects
from tests.discord.asking import Asked, Waiting, interaction, reaction
from tests.discord.clock import Clock
from tests.discord.faults import Fault
from tests.discord.gateway import Gateway
from tests.discord.objects import ADA, CHANNEL, Object

TOKEN = "a.token.for.tests"
MIB = 1024 * 1024
_LIMITS = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
_FIRST_RESPONSE_SECONDS = 3.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str = "no") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Discord:
    """All that this Discord knows; routes are in tests/discord/routes.py."""

    def __init__(self, tier: int = 0, clock: Clock | None = None) -> None:
        self.waiting = Waiting()
        self.gateway = Gateway(TOKEN, clock or Clock(), self.changed)
        self.tier = tier
        self.bot = objects.user(objects.BOT, "dailies", bot=True)
        people = {objects.ADA: "ada", objects.BEN: "ben"}
        self.users = {id_: objects.user(id_, name) for id_, name in people.items()}
        self.roles: dict[str, list[str]] = {objects.BEN: [objects.ROLE]}
        self.channels = {
            objects.CHANNEL: objects.channel(objects.CHANNEL, "general"),
            objects.THREAD: objects.thread(objects.THREAD, objects.CHANNEL),
            objects.FORUM: objects.channel(objects.FORUM, "ideas", kind=15),
            objects.POST: objects.thread(objects.POST, objects.FORUM),
            objects.FAR: objects.channel(objects.FAR, "far away", guild=objects.OTHER_GUILD),
        }
        self.messages: dict[str, Object] = {}
        # Under each message: the sign, who set it, and whether as a super reaction.
        self.reactions: dict[str, list[tuple[str, str, bool]]] = {}
        self.files: dict[str, bytes] = {}
        # A benchmark leaves the descriptions out: they cost more than what is measured.
        self.is_strict = True
        self.nonces: dict[str, str] = {}
        self.asked: dict[str, Asked] = {}
        self.commands: list[Object] = []
        self.command_writes = 0
        self.own_permissions = objects.USUAL
        # The servers that the bot is in, by name, and the channels that it does not see there.
        self.own_guilds = {objects.GUILD: "Crew"}
        self.unseen: set[str] = set()
        self.left: set[str] = set()  # people who are in no server any more
        self.timed_out_until: str | None = None
        self.endpoint: str | None = None
        self.faults: list[Fault] = []
        self.violations: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.sent: list[tuple[str, Object]] = []
        self.url = ""

    @property
    def limit(self) -> int:
        return _LIMITS[self.tier]

    def fault(self, method: str, path: str, **options: Any) -> Fault:
        fault = Fault(method, path, **options)
        self.faults.append(fault)
        return fault

    def attach(self, name: str, content: bytes, content_type: str) -> Object:
        """A file that a person has uploaded."""
        key = secrets.token_hex(6)
        self.files[key] = content
        return objects.attachment(f"{self.url}/cdn/{key}/{name}", name, content, content_type)

    def member(self, user_id: str) -> Object:
        of = self.bot if user_id == objects.BOT else self.users[user_id]
        return objects.member(of, self.roles.get(user_id, []))

    async def command(
        self,
        name: str,
        options: Object | None = None,
        *,
        who: str = objects.ADA,
        channel: str = objects.CHANNEL,
        sub: str | None = None,
        extra: Object | None = None,
    ) -> Asked:
        """Somebody types a slash command; an option that is a file is an attachment object."""
        registered = next(c for c in self.commands if c["name"] == name and c["type"] == 1)
        declared = registered["options"]
        if sub is not None:
            declared = next(o for o in declared if o["name"] == sub)["options"]
        given, resolved = self._given(declared, options or {})
        if sub is not None:
            given = [{"type": 1, "name": sub, "options": given}]
        data = {"id": registered["id"], "name": name, "type": 1, "options": given}
        return await self.ask(2, {**data, "resolved": resolved, **(extra or {})}, who, channel)

    async def complete(self, name: str, options: Object, focused: str) -> list[Object]:
        """The choices that are offered while somebody types."""
        registered = next(c for c in self.commands if c["name"] == name)
        given, _ = self._given(registered["options"], options)
        for option in given:
            if option["name"] == focused:
                option["focused"] = True
        data = {"id": registered["id"], "name": name, "type": 1, "options": given}
        asked = await self.ask(4, data, objects.ADA, objects.CHANNEL)
        await self.until(lambda: asked.callback)
        choices: list[Object] = (asked.callback or {})["data"]["choices"]
        return choices

    async def menu(self, name: str, message: Object, who: str = objects.ADA) -> Asked:
        """Somebody picks a command from a message's menu."""
        registered = next(c for c in self.commands if c["name"] == name and c["type"] == 3)
        resolved = {"messages": {message["id"]: message}}
        data = {"id": registered["id"], "name": name, "type": 3, "target_id": message["id"]}
        return await self.ask(2, {**data, "resolved": resolved}, who, message["channel_id"])

    async def click(self, message: Object, action: str, who: str = objects.ADA) -> Asked:
        """Somebody presses the button whose id begins with an action."""
        buttons = [item for row in message["components"] for item in row["components"]]
        pressed = next(b for b in buttons if b["custom_id"].split(":")[1] == action)
        return await self.press(message, pressed["custom_id"], who)

    async def press(self, message: Object, custom_id: str, who: str = objects.ADA) -> Asked:
        data = {"custom_id": custom_id, "component_type": 2, "id": 1}
        return await self.ask(3, data, who, message["channel_id"], message)

    async def submit(
        self, form: Object, texts: Object, files: list[Object], who: str = ADA, place: str = CHANNEL
    ) -> Asked:
        """Somebody sends a form that was shown."""
        inside = []
        for label in form["components"]:
            field = label["component"]
            filled = {"type": field["type"], "id": 2, "custom_id": field["custom_id"]}
            if field["type"] == 19:
                filled["values"] = [file["id"] for file in files]
            else:
                filled["value"] = texts[field["custom_id"]]
            inside.append({"type": 18, "id": 1, "component": filled})
        resolved = {"attachments": {file["id"]: file for file in files}}
        data = {"custom_id": form["custom_id"], "components": inside, "resolved": resolved}
        return await self.ask(5, data, who, place)

    async def ask(
        self, kind: int, data: Object, who: str, channel: str, message: Object | None = None
    ) -> Asked:
        """Tell the bot of an interaction."""
        asked = Asked(objects.snowflake(), secrets.token_urlsafe(24), kind, channel, message)
        self.asked[asked.token] = asked
        permissions = objects.ADMINISTRATOR if who == objects.ADA else objects.USUAL
        place = self.channels[channel]
        own = self.own_permissions
        asked.event = interaction(asked, self.member(who), data, place, permissions, own, message)
        await self.gateway.dispatch("INTERACTION_CREATE", asked.event)
        return asked

    async def react(
        self,
        message: Object,
        emoji: str,
        who: str = ADA,
        *,
        gone: bool = False,
        burst: bool = False,
    ) -> None:
        """Somebody sets a reaction; one that is gone again is told of, and not found any more."""
        if not gone:
            self.reactions.setdefault(message["id"], []).append((emoji, who, burst))
        guild = self.channels[message["channel_id"]]["guild_id"]
        event = reaction(message, emoji, self.member(who), guild, burst=burst)
        await self.gateway.dispatch("MESSAGE_REACTION_ADD", event)

    async def until(self, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
        return await self.waiting.until(condition, seconds)

    def in_channel(self, channel: str = objects.CHANNEL) -> list[Object]:
        """What everybody sees in a channel, the oldest first."""
        shown = [m for m in self.messages.values() if m["channel_id"] == channel]
        return sorted(shown, key=lambda m: int(m["id"]))

    def cards(self, channel: str = objects.CHANNEL) -> list[Object]:
        own = self._own(channel)
        return [m for m in own if m["embeds"] and m["embeds"][0].get("fields")]

    def results(self, channel: str = objects.CHANNEL) -> list[Object]:
        own = self._own(channel)
        return [m for m in own if not m["embeds"] and not m.get("loading")]

    async def direct_message(self, who: str) -> Object:
        """A message of the bot that only one person sees."""
        place = {"id": f"9{who[1:]}", "type": 1, "flags": 0, "recipients": [self.users[who]]}
        self.channels.setdefault(place["id"], place)
        message = objects.message(self.bot, place["id"], {"content": "hello"}, [])
        self.messages[message["id"]] = message
        return message

    def direct(self, who: str) -> list[Object]:
        """The direct messages to a person."""
        return self.in_channel(f"9{who[1:]}")

    def _own(self, channel: str) -> list[Object]:
        return [m for m in self.in_channel(channel) if m["author"]["id"] == objects.BOT]

    def _given(self, declared: list[Object], options: Object) -> tuple[list[Object], Object]:
        """Options as Discord sends them: only those that are declared, of their types."""
        resolved: Object = {"attachments": {}, "users": {}, "members": {}, "roles": {}}
        known = {option["name"]: option for option in declared}
        missing = {n for n, o in known.items() if o.get("required")} - options.keys()
        assert not missing, f"the client would ask for {missing}"
        given = []
        for name, value in options.items():
            kind = known[name]["type"]
            if kind == 11:
                resolved["attachments"][value["id"]] = value
                value = value["id"]
            elif kind == 9:
                self._resolve(value, resolved)
            elif kind == 4 and not isinstance(value, str):
                assert isinstance(value, int)
            choices = [choice["value"] for choice in known[name].get("choices", [])]
            assert not choices or value in choices, f"{value} is not offered"
            given.append({"name": name, "type": kind, "value": value})
        return given, resolved

    def _resolve(self, id_: str, resolved: Object) -> None:
        if id_ in self.users:
            resolved["users"][id_] = self.users[id_]
            whole = self.member(id_)
            resolved["members"][id_] = {k: v for k, v in whole.items() if k != "user"}
        else:
            resolved["roles"][id_] = objects.role(id_, "a role", 0)

    def check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.gateway.token}":
            raise Refusal(401, 0, "401: Unauthorized")

    async def changed(self) -> None:
        await self.waiting.tell()

    def check(self, problems: list[str]) -> None:
        self.violations.extend(problems)

    def asked_by(self, token: str) -> Asked:
        """An interaction whose token is still good."""
        asked = self.asked.get(token)
        if asked is None or asked.callback is None:
            raise Refusal(404, 10015, "Unknown Webhook")
        if asked.expired:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return asked

    def take_callback(self, asked: Asked | None, body: Object) -> None:
        if asked is None or time.monotonic() - asked.began > _FIRST_RESPONSE_SECONDS:
            raise Refusal(404, 10062, "Unknown interaction")
        if asked.callback is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        asked.callback = body
        asked.took = time.monotonic() - asked.began


def answer(data: Any, status: int = 200) -> web.Response:
    """JSON as Discord sends it: a charset in the header would make discord.py see text."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json"}
    )


async def start(discord: Discord, app: web.Application) -> web.AppRunner:
    """Serve on a free port of this machine."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    discord.url = f"http://127.0.0.1:{port}"
    discord.gateway.url = f"ws://127.0.0.1:{port}/gateway"
    discord.gateway.bot = discord.bot
    me = objects.member(discord.bot, [])
    discord.gateway.guilds = [
        objects.guild(id_, discord.tier, [me], discord.channels.values())
        for id_ in (objects.GUILD, objects.OTHER_GUILD)
    ]
    return runner
