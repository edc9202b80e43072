"""Commands: typed with a slash, said to the bot, or filled into a form."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from adapters.slack import words
from adapters.slack.desk import Asked, Desk, refuse_foreign
from adapters.slack.downloads import SlackFile
from adapters.slack.errors import Ignored, SlackRefused, Told
from adapters.slack.escape import readable
from adapters.slack.forms import MODEL_ACTION, Errand, filled, form, needs_file, needs_form
from adapters.slack.messages import find_message, media_of
from adapters.slack.twins import Twins
from adapters.slack.whispers import Asker
from bot.catalog import Catalog
from bot.commands.parser import Parsed, parse_arguments, split_command
from bot.commands.specification import CommandSpec, command, options_for
from bot.errors import ChatError, Refused, UnknownCommand
from bot.views import Notice

log = structlog.get_logger()

Payload = Mapping[str, Any]
_MARKS = ("@", "!subteam", "#")


class Commands:
    """Takes commands apart; each becomes one `Asked`, or a form first."""

    def __init__(self, desk: Desk, twins: Twins, catalog: Catalog, prefix: str) -> None:
        self._desk = desk
        self._twins = twins
        self._catalog = catalog
        self._prefix = prefix

    async def typed(self, asker: Asker, body: Payload) -> None:
        """`/imagine a fox`: run it, or open the form where something is missing."""
        event = f"command:{body.get('trigger_id') or id(body)}"
        if self._desk.is_first(asker, "typed|" + event):
            await self._desk.answer(asker, self._typed(asker, body, event))

    async def _typed(self, asker: Asker, body: Payload, event: str) -> None:
        name = str(body.get("command", "")).removeprefix("/")
        name = name.removeprefix(self._prefix)
        parsed = self._parse(f"{name} {body.get('text') or ''}")
        prompt, team = parsed.arguments.get("prompt"), body.get("team_id")
        if needs_form(parsed.spec, self._catalog, prompt, parsed.options):
            refuse_foreign(asker, team)
            errand = Errand(parsed.spec.name, asker.channel, event)
            await self._open(asker, body, parsed.spec, errand, prompt or "", parsed.options)
            return
        asked = Asked(asker, event, parsed.spec, parsed.arguments, parsed.options, team=team)
        await self._desk.run(asked)

    async def said(self, asker: Asker, event: Payload, text: str, *, alone: bool) -> None:
        """`@Dailies animate …`; `alone` where everything that is said is meant for us."""
        once = f"message:{event.get('channel')}:{event.get('ts')}"
        if self._desk.is_first(asker, "said|" + once):
            await self._desk.answer(asker, self._said_once(asker, event, text, once, alone=alone))

    async def _said_once(
        self, asker: Asker, event: Payload, text: str, once: str, *, alone: bool
    ) -> None:
        if not await self._twins.is_ours(asker.workspace, "said|" + once):
            raise Ignored
        await self._desk.answer(asker, self._said(asker, event, text, once, alone=alone))
        await self._twins.note_answered(asker.workspace, "said|" + once)

    async def _said(
        self, asker: Asker, event: Payload, text: str, once: str, *, alone: bool
    ) -> Notice | None:
        try:
            parsed = self._parse(text)
        except UnknownCommand:
            if text.startswith("/") or (text and not alone):
                raise
            return words.greeting()
        files: Sequence[SlackFile] = event.get("files") or ()
        if not files and parsed.spec.generates:
            files = await self._files_behind(asker, event, parsed)
        team = event.get("user_team") or event.get("source_team") or event.get("team")
        asked = Asked(asker, once, parsed.spec, parsed.arguments, parsed.options, files, team)
        await self._desk.run(asked)
        return None

    async def chosen(self, asker: Asker, body: Payload) -> None:
        """A shortcut on somebody's message: Animate, Upscale, Use as reference."""
        event = f"shortcut:{body.get('trigger_id') or body.get('action_ts')}"
        if self._desk.is_first(asker, "chosen|" + event):
            await self._desk.answer(asker, self._chosen(asker, body, event))

    async def _chosen(self, asker: Asker, body: Payload, event: str) -> None:
        name = {"reference": "imagine"}.get(str(body["callback_id"]), str(body["callback_id"]))
        spec = command(name)
        if spec is None or not spec.generates:
            raise Ignored
        team = (body.get("user") or {}).get("team_id")
        refuse_foreign(asker, team)
        message = body.get("message") or {}
        where = (str((body.get("channel") or {}).get("id")), str(message.get("ts")))
        files = media_of(message)
        if not files and "files" in message:
            raise Told(words.no_file())
        if spec.name != "upscale":
            ids = tuple(str(file["id"]) for file in files if file.get("id"))[: _most(spec.name)]
            errand = Errand(spec.name, asker.channel, event, ids, None if ids else where)
            await self._open(asker, body, spec, errand)
            return
        files = files or await self._files_at(asker, *where)
        await self._desk.run(Asked(asker, event, spec, files=files[:1], team=team))

    @staticmethod
    def channel_of_form(body: Payload) -> str:
        """Where a form was opened."""
        return filled(body["view"]).errand.channel

    async def sent(self, asker: Asker, body: Payload) -> None:
        """A form that was filled in."""
        given = filled(body["view"])
        spec = command(given.errand.command)
        if spec is None or not self._desk.is_first(asker, "sent|" + given.errand.once):
            return
        await self._desk.answer(asker, self._sent(asker, body, spec))

    async def _sent(self, asker: Asker, body: Payload, spec: CommandSpec) -> None:
        given = filled(body["view"])
        errand = given.errand
        files: list[SlackFile] = [{"id": file} for file in errand.files]
        if errand.message is not None:
            files += (await self._files_at(asker, *errand.message))[: _most(spec.name)]
        files += given.files
        arguments = {"prompt": given.prompt} if given.prompt else {}
        team = (body.get("user") or {}).get("team_id")
        event = f"form:{errand.once}"
        await self._desk.run(Asked(asker, event, spec, arguments, given.options, files, team))

    async def model_chosen(self, asker: Asker, body: Payload) -> None:
        """Another model in an open form: show what that one can do."""
        view = body["view"]
        given = filled(view)
        spec = command(given.errand.command)
        model = next((a["selected_option"]["value"] for a in body["actions"] if _is_model(a)), None)
        if spec is None or model is None:
            return
        options = {**given.options, "model": model}
        try:
            fresh = form(spec, self._catalog, given.errand, given.prompt, options)
            await asker.api.do(
                "views.update", view_id=view["id"], hash=view.get("hash"), view=fresh
            )
        except (ChatError, Refused, Told) as error:
            log.info("form not updated", error=str(error))

    def _parse(self, text: str) -> Parsed:
        is_quota = text.lstrip("/ ").lower().startswith("quota")
        spec, rest = split_command(readable(text, _MARKS if is_quota else ()))
        return parse_arguments(spec, rest, options_for(spec, self._catalog))

    async def _open(
        self,
        asker: Asker,
        body: Payload,
        spec: CommandSpec,
        errand: Errand,
        prompt: str = "",
        options: Mapping[str, str] | None = None,
    ) -> None:
        view = form(spec, self._catalog, errand, prompt, options)
        try:
            # The trigger lasts for three seconds: nothing else is asked of Slack before.
            await asker.api.once("views.open", trigger_id=body.get("trigger_id"), view=view)
        except SlackRefused as error:
            log.warning("form not opened", error=str(error))
            raise Told(words.no_form()) from error

    async def _files_behind(
        self, asker: Asker, event: Payload, parsed: Parsed
    ) -> Sequence[SlackFile]:
        """Some messages are told of without their files (bolt-python#925): the message has them."""
        prompt, options = parsed.arguments.get("prompt"), parsed.options
        lacks = needs_form(parsed.spec, self._catalog, prompt, options)
        if not lacks and not needs_file(parsed.spec, self._catalog, options):
            return ()
        message = await find_message(asker.api, str(event.get("channel")), str(event.get("ts")))
        return media_of(message or {})

    async def _files_at(self, asker: Asker, channel: str, ts: str) -> list[SlackFile]:
        files = media_of(await find_message(asker.api, channel, ts) or {})
        if not files:
            raise Told(words.no_file())
        return files


def _is_model(action: Mapping[str, Any]) -> bool:
    return action.get("action_id") == MODEL_ACTION and bool(action.get("selected_option"))


def _most(command_name: str) -> int:
    """How many files of one message a command takes from it."""
    return 3 if command_name == "imagine" else 1
