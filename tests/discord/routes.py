"""The routes of the small Discord; each is held against Discord's own description."""

import json
from collections import Counter
from typing import Any

from aiohttp import BodyPartReader, web

from tests.discord import objects, schema
from tests.discord.objects import Object
from tests.discord.places import Places
from tests.discord.server import Discord, Handler, Refusal, answer

EPHEMERAL, LOADING = 64, 128


def application(discord: Discord) -> web.Application:
    """The whole server."""
    routes = Routes(discord)
    app = web.Application(middlewares=[_checked(discord)], client_max_size=600 * 1024 * 1024)
    app.router.add_get("/gateway", discord.gateway.serve)
    app.router.add_get("/gateway/", discord.gateway.serve)
    app.router.add_get("/cdn/{key}/{name}", routes.cdn)
    for (method, template), handler in routes.table().items():
        app.router.add_route(method, schema.PREFIX + template, handler)
    return app


def _checked(discord: Discord) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        template = resource.canonical.removeprefix(schema.PREFIX) if resource else "?"
        discord.requests.append((request.method, template))
        fault = next((f for f in discord.faults if f.fits(request)), None)
        if fault is not None:
            return await fault.answer(request, handler)
        try:
            response = await handler(request)
        except Refusal as refusal:
            response = answer({"message": str(refusal), "code": refusal.code}, refusal.status)
        except web.HTTPNotFound:
            discord.check([f"no such route: {request.method} {request.path}"])
            raise
        is_json = isinstance(response, web.Response) and response.content_type == "application/json"
        if discord.is_strict and is_json:
            body = json.loads(response.body)  # type: ignore[arg-type]  # ours are always bytes
            discord.check(schema.response_problems(request.method, template, response.status, body))
        await discord.changed()
        return response

    return middleware


class Routes:
    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    def table(self) -> dict[tuple[str, str], Handler]:
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        hook = "/webhooks/{webhook_id}/{webhook_token}"
        channel = "/channels/{channel_id}/messages"
        one = channel + "/{message_id}"
        commands = "/applications/{application_id}/commands"
        return {
            ("GET", "/users/@me"): self.me,
            ("GET", "/oauth2/applications/@me"): self.application,
            ("GET", "/gateway/bot"): self.gateway,
            ("GET", commands): self.commands,
            ("PUT", commands): self.write_commands,
            ("POST", callback): self.callback,
            ("POST", hook): self.follow_up,
            ("PATCH", hook + "/messages/@original"): self.edit_original,
            ("DELETE", hook + "/messages/@original"): self.delete_original,
            ("GET", channel): self.history,
            ("POST", channel): self.post,
            ("GET", one): self.message,
            ("PATCH", one): self.edit,
            ("DELETE", one): self.remove,
            ("GET", one + "/reactions/{emoji_name}"): self.reacted,
            ("POST", "/users/@me/channels"): self.direct,
            **Places(self._discord).table(),
        }

    async def cdn(self, request: web.Request) -> web.Response:
        return web.Response(body=self._discord.files[request.match_info["key"]])

    async def me(self, request: web.Request) -> web.Response:
        self._discord.check_token(request)
        return answer({**self._discord.bot, "mfa_enabled": True, "locale": "en-US"})

    async def application(self, request: web.Request) -> web.Response:
        self._discord.check_token(request)
        told = objects.application(self._discord.users[objects.ADA])
        return answer({**told, "interactions_endpoint_url": self._discord.endpoint})

    async def gateway(self, _request: web.Request) -> web.Response:
        gateway = self._discord.gateway
        limit = {"total": 1000, "remaining": gateway.remaining, "reset_after": gateway.reset_after,
                 "max_concurrency": gateway.max_concurrency}  # fmt: skip
        return answer({"url": gateway.url, "shards": gateway.shards, "session_start_limit": limit})

    async def commands(self, _request: web.Request) -> web.Response:
        return answer(self._discord.commands)

    async def write_commands(self, request: web.Request) -> web.Response:
        given = await self._json(request)
        self._discord.command_writes += 1
        self._discord.commands = [
            {"description": "", "nsfw": False, **command,
             "default_member_permissions": objects.text(command.get("default_member_permissions")),
             "id": str(10**18 + number), "application_id": objects.APPLICATION, "version": "1"}
            for number, command in enumerate(given)
        ]  # fmt: skip
        return answer(self._discord.commands)

    async def callback(self, request: web.Request) -> web.Response:
        body = await self._json(request)
        token = request.match_info["interaction_token"]
        asked = self._discord.asked.get(token)
        self._discord.take_callback(asked, body)
        assert asked is not None
        kind, data = body["type"], body.get("data") or {}
        told: Object = {"interaction": {"id": asked.id, "type": asked.kind}}
        if kind in (4, 5):
            flags = (data.get("flags") or 0) | (LOADING if kind == 5 else 0)
            asked.original = self._new(asked.channel, {**data, "flags": flags}, [])
            asked.original["loading"] = kind == 5
            asked.original["author"] = self._discord.bot
            if not flags & EPHEMERAL:
                self._discord.messages[asked.original["id"]] = asked.original
            told["interaction"]["response_message_id"] = asked.original["id"]
            if kind == 4:
                told["resource"] = {"type": kind, "message": _bare(asked.original)}
        elif kind == 6:
            asked.original = asked.pressed
        return answer(told)

    async def follow_up(self, request: web.Request) -> web.Response:
        asked = self._discord.asked_by(request.match_info["webhook_token"])
        body, files = await self._read(request)
        if asked.original is not None and asked.original.get("loading") and not asked.deleted:
            self._discord.check(["a follow-up would fill the placeholder"])
        message = self._new(asked.channel, body, files)
        asked.followups.append(message)
        if not message["flags"] & EPHEMERAL:
            self._discord.messages[message["id"]] = message
        return answer(_bare(message))

    async def edit_original(self, request: web.Request) -> web.Response:
        asked = self._discord.asked_by(request.match_info["webhook_token"])
        if asked.original is None or asked.deleted:
            raise Refusal(404, 10008, "Unknown Message")
        body, files = await self._read(request)
        if files:
            asked.original["attachments"] = files
        asked.original["loading"] = False
        asked.original["flags"] &= ~LOADING
        objects.change(asked.original, body)
        return answer(_bare(asked.original))

    async def delete_original(self, request: web.Request) -> web.Response:
        asked = self._discord.asked_by(request.match_info["webhook_token"])
        if asked.original is None or asked.deleted:
            raise Refusal(404, 10008, "Unknown Message")
        asked.deleted = True
        self._discord.messages.pop(asked.original["id"], None)
        return web.Response(status=204)

    async def history(self, request: web.Request) -> web.Response:
        before = int(request.query.get("before", str(1 << 63)))
        after = int(request.query.get("after", "0"))
        found = [
            self._reacted(message)
            for message in reversed(self._discord.in_channel(request.match_info["channel_id"]))
            if after < int(message["id"]) < before
        ]
        return answer(found[: int(request.query.get("limit", "50"))])

    async def post(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel_id"]
        if channel not in self._discord.channels:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel in self._discord.unseen:
            raise Refusal(403, 50001, "Missing Access")
        body, files = await self._read(request)
        self._discord.sent.append((channel, body))
        known = self._discord.nonces.get(str(body.get("nonce")))
        if known is not None and body.get("enforce_nonce"):
            return answer(_bare(self._discord.messages[known]))
        message = self._new(channel, body, files)
        self._discord.messages[message["id"]] = message
        if body.get("nonce"):
            self._discord.nonces[str(body["nonce"])] = message["id"]
        return answer({**_bare(message), **({"nonce": body["nonce"]} if "nonce" in body else {})})

    async def message(self, request: web.Request) -> web.Response:
        return answer(self._reacted(self._known(request)))

    async def edit(self, request: web.Request) -> web.Response:
        message = self._known(request)
        body, _ = await self._read(request)
        objects.change(message, body)
        message["edits"] = message.get("edits", 0) + 1
        return answer(_bare(message))

    async def remove(self, request: web.Request) -> web.Response:
        del self._discord.messages[self._known(request)["id"]]
        return web.Response(status=204)

    async def reacted(self, request: web.Request) -> web.Response:
        emoji, query = request.match_info["emoji_name"], request.query
        kind, after = int(query.get("type", "0")), int(query.get("after", "0"))
        most = int(query.get("limit", "25"))
        if kind not in (0, 1) or not 1 <= most <= 100:
            raise Refusal(400, 50035, "Invalid Form Body")
        on = self._discord.reactions.get(request.match_info["message_id"], [])
        people = {who for sign, who, burst in on if (sign, burst) == (emoji, bool(kind))}
        shown = [self._discord.users[who] for who in sorted(people) if int(who) > after]
        return answer(shown[:most])

    async def direct(self, request: web.Request) -> web.Response:
        who = str((await self._json(request))["recipient_id"])
        people = [self._discord.users[who]]
        whole: Object = {"id": f"9{who[1:]}", "type": 1, "flags": 0, "recipients": people}
        self._discord.channels.setdefault(whole["id"], whole)
        return answer(whole)

    def _known(self, request: web.Request) -> Object:
        message = self._discord.messages.get(request.match_info["message_id"])
        if message is None or message["channel_id"] != request.match_info["channel_id"]:
            raise Refusal(404, 10008, "Unknown Message")
        return message

    def _reacted(self, message: Object) -> Object:
        on = self._discord.reactions.get(message["id"], [])
        counts: dict[str, Counter[bool]] = {emoji: Counter() for emoji, _, _ in on}
        for emoji, _, burst in on:
            counts[emoji][burst] += 1
        shown = [
            {"emoji": {"id": None, "name": emoji}, "count": count.total(), "me": False,
             "me_burst": False, "burst_colors": [],
             "count_details": {"burst": count[True], "normal": count[False]}}
            for emoji, count in counts.items()
        ]  # fmt: skip
        return {**_bare(message), "reactions": shown}

    def _new(self, channel: str, body: Object, files: list[Object]) -> Object:
        return objects.message(self._discord.bot, channel, body, files)

    async def _json(self, request: web.Request) -> Any:
        self._check(request, body := await request.json())
        return body

    async def _read(self, request: web.Request) -> tuple[Object, list[Object]]:
        """A message as it is sent, and its files."""
        if not request.content_type.startswith("multipart/"):
            return await self._json(request), []
        body: Object = {}
        files = []
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content = bytes(await part.read())
            if part.name == "payload_json":
                body = json.loads(content)
            else:
                if len(content) > self._discord.limit:
                    raise Refusal(413, 40005, "Request entity too large")
                files.append(self._discord.attach(part.filename or "", content, "video/mp4"))
        self._check(request, body)
        return body, files

    def _check(self, request: web.Request, body: Any) -> None:
        resource = request.match_info.route.resource
        template = resource.canonical.removeprefix(schema.PREFIX) if resource else "?"
        if self._discord.is_strict:
            self._discord.check(schema.request_problems(request.method, template, body))
        if isinstance(body, dict) and len(body.get("content") or "") > 2000:
            self._discord.check([f"content of {len(body['content'])} characters"])


def _bare(message: Object) -> Object:  # without what only this server keeps
    return {k: v for k, v in message.items() if k not in ("loading", "edits")}
