"""The page and its JSON API: parse, one call of the service, answer."""

import asyncio
import mimetypes
import time
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from adapters.platform import Acknowledged, unmeasured
from adapters.playground.bodies import emoji_in, is_number, json_body
from adapters.playground.chat import CHANNEL, WORKSPACE, Chat, Person
from adapters.playground.documents import FOLDER
from adapters.playground.events import event_bytes
from adapters.playground.guard import Handler, Rejection, guard, status_of
from adapters.playground.intake import read_form
from adapters.playground.render import Body
from adapters.playground.specification import commands_body
from bot.archive import Archive
from bot.catalog import Catalog
from bot.commands.invocations import Invocation, Origin
from bot.commands.parser import parse_arguments, split_command
from bot.commands.specification import REACTIONS, options_for, sign_of
from bot.errors import Refused, StorageUnavailable
from bot.jobs import Member
from bot.messages.plain import plain
from bot.messages.refusals import refusal_notice
from bot.scratch import scratch
from bot.service import DECIDING, OF_ADMINS, Service
from bot.views import Notice
from bot.web.serving import serve

HEARTBEAT_SECONDS = 15.0
_SERVED = ("inputs/", "outputs/", FOLDER)


class Playground:
    """The page's server; implements adapters.platform.Platform."""

    name = "playground"

    def __init__(
        self,
        chat: Chat,
        catalog: Catalog,
        archive: Archive,
        acknowledged: Acknowledged = unmeasured,
        *,
        live: bool,
        local: bool = True,
        alone: bool = True,
    ) -> None:
        self._chat = chat
        self._catalog = catalog
        self._archive = archive
        self._acknowledged = acknowledged
        self._live = live
        self._local = local
        self._alone = alone
        self._following: asyncio.Task[None] | None = None

    @property
    def chat(self) -> Chat:
        return self._chat

    def connect(self, service: Service) -> None:
        self._service = service

    async def start(self) -> None:
        """Its routes are all there is to it, where no other replica writes messages."""
        if not self._alone:
            following = self._chat.follow(await self._chat.newest())
            self._following = asyncio.create_task(following, name="other replicas")

    def connected(self) -> bool:
        """It is served by ourselves."""
        return True

    async def stop(self) -> None:
        """Stop looking for other replicas' messages, and let go of the open pages."""
        self._chat.hub.close()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def close(self) -> None:
        """Its routes are all there is to it."""

    def add_routes(self, app: web.Application) -> None:
        """The page, its API and the files that it shows; other platforms' routes are left alone."""
        others = set(app.router.resources())
        static = Path(str(resources.files("adapters.playground").joinpath("static")))
        app.router.add_static("/static", static)
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/members", self._members),
                web.get("/api/info", self._info),
                web.get("/api/commands", self._commands),
                web.post("/api/commands", self._measured(self._command)),
                web.get("/api/messages", self._messages),
                web.post("/api/messages/{id}/reactions", self._measured(self._react)),
                web.delete("/api/messages/{id}/reactions", self._unreact),
                web.post("/api/messages/{id}/actions/{action}", self._measured(self._act)),
                web.get("/api/events", self._events),
                web.get("/media/{key:.+}", self._media),
            ]
        )
        ours = set(app.router.resources()) - others
        app.middlewares.append(guard(ours, loopback_only=self._local))
        self._index = static / "index.html"

    def _measured(self, handler: Handler) -> Handler:
        """The handler; its answer is what a person waits for."""

        async def measured(request: web.Request) -> web.StreamResponse:
            began = time.monotonic()
            try:
                return await handler(request)
            finally:
                self._acknowledged(time.monotonic() - began)

        return measured

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._index, headers={hdrs.CACHE_CONTROL: "no-cache"})

    async def _members(self, _request: web.Request) -> web.Response:
        people = self._chat.people.values()
        return web.json_response([{"id": p.id, "name": p.name, "admin": p.admin} for p in people])

    async def _info(self, request: web.Request) -> web.Response:
        person = self._person(request.query.get("member"))
        balance = await self._service.balance(self._origin(person, None))
        allowance = balance.allowance.credits
        info = {"live": self._live, "credits_left": balance.left, "allowance": allowance}
        return web.json_response(info)

    async def _commands(self, _request: web.Request) -> web.Response:
        return web.json_response(commands_body(self._catalog))

    async def _messages(self, request: web.Request) -> web.Response:
        person = self._person(request.query.get("member"))
        return web.json_response(await self._chat.messages(person))

    async def _command(self, request: web.Request) -> web.Response:
        async with scratch() as folder:
            posted = await read_form(request, folder)
            person = self._person(posted.fields.get("member"))
            text = posted.fields.get("text")
            if not text or not text.strip():
                raise Rejection(400, "There is no text. Try /help.")
            if posted.too_large is not None:
                return await self._refuse(person, posted.too_large)
            event = posted.fields.get("event", "")[:64] or None
            try:
                spec, rest = split_command(text)
                parsed = parse_arguments(spec, rest, options_for(spec, self._catalog))
                invocation = Invocation(
                    self._origin(person, event),
                    spec,
                    parsed.arguments,
                    parsed.options,
                    posted.files,
                )
                answer = await self._service.run(invocation)
            except Refused as error:
                return await self._refuse(person, error)
        if isinstance(answer, Notice):
            await self._chat.notify(_member(person), CHANNEL, answer)
        return _ok()

    async def _act(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        person, message = await self._person_and_message(request, body)
        return await self._do(person, message, request.match_info["action"])

    async def _react(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        person, message = await self._person_and_message(request, body)
        emoji = emoji_in(body)
        await self._chat.react(int(message["id"]), person.id, emoji)
        action = REACTIONS.get(sign_of(emoji))
        if action is None or message["job_id"] is None:
            return _ok()
        return await self._do(person, message, action)

    async def _unreact(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        person, message = await self._person_and_message(request, body)
        await self._chat.react(int(message["id"]), person.id, emoji_in(body), remove=True)
        return _ok()

    async def _do(self, person: Person, message: Body, action: str) -> web.Response:
        if message["job_id"] is None:
            raise Rejection(404, "There is nothing to do with this message.")
        try:
            answer = await self._service.press(
                self._origin(person, None), action, message["job_id"]
            )
        except Refused as error:
            return await self._refuse(person, error)
        if action in DECIDING:
            await self._chat.take_buttons(int(message["id"]))
        if isinstance(answer, Notice) and action not in OF_ADMINS:
            await self._chat.notify(_member(person), CHANNEL, answer)
        return _ok()

    async def _refuse(self, person: Person, error: Refused) -> web.Response:
        """Say no privately: in the chat for the person, and in the answer for a script."""
        notice = refusal_notice(error)
        try:
            await self._chat.notify(_member(person), CHANNEL, notice)
        except StorageUnavailable:
            raise error from None  # it is said in the answer alone
        names = {p.id: p.name for p in self._chat.people.values()}
        body = {"error": plain(notice.text, names), "shown": True}
        return web.json_response(body, status=status_of(error))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request.query.get("member"))
        response = web.StreamResponse(
            headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"}
        )
        # A page that is closed ends its stream; nothing went wrong.
        with (
            suppress(ConnectionResetError),
            self._chat.hub.page(self._chat.audience(person)) as page,
        ):
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            for message in await self._missed(request, person):
                await response.write(event_bytes("message", message))
            async for event in page.read(HEARTBEAT_SECONDS):
                if event is None:
                    await response.write(b": still here\n\n")
                    continue
                name, data = event
                seen = self._chat.as_seen(data, person.id) if name == "message" else data
                await response.write(event_bytes(name, seen))
        return response

    async def _missed(self, request: web.Request, person: Person) -> list[Body]:
        last = request.headers.get("Last-Event-ID", "")
        return await self._chat.messages(person, int(last)) if is_number(last) else []

    async def _media(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        if not key.startswith(_SERVED):
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        headers: dict[str, str] = {
            hdrs.CACHE_CONTROL: "private, max-age=86400",
            hdrs.CONTENT_TYPE: kind,
        }
        try:
            return await serve(request, self._archive, key, headers)
        except (ValueError, FileNotFoundError):
            raise web.HTTPNotFound from None

    def _person(self, member: Any) -> Person:
        person = self._chat.people.get(member) if isinstance(member, str) else None
        if person is None:
            raise Rejection(400, "There is no such member.")
        return person

    async def _person_and_message(self, request: web.Request, body: Body) -> tuple[Person, Body]:
        person = self._person(body.get("member"))
        number = request.match_info["id"]
        if not is_number(number):
            raise Rejection(404, "There is no such message.")
        message = await self._chat.message(int(number), person)
        if message is None:
            raise Rejection(404, "There is no such message.")
        return person, message

    @staticmethod
    def _origin(person: Person, event: str | None) -> Origin:
        return Origin(_member(person), CHANNEL, person.admin, person.roles, event)


def _member(person: Person) -> Member:
    return Member(WORKSPACE, person.id)


def _ok() -> web.Response:
    return web.json_response({"ok": True}, status=202)
