"""Interactions: what was asked, one call of the service, the answer.

Whatever can be decided from the interaction alone is decided before the first response; the first
response comes before any database or network work. The one exception is the form for a remix: a
form must be the first response, so its prompt is read from our own row within a tight limit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import discord
import structlog

from adapters.discord import texts
from adapters.discord.buttons import Press, read_id
from adapters.discord.completion import completions
from adapters.discord.exchange import Exchange, Interaction, NotOurs, answering
from adapters.discord.forms import PROMPT, References, reference_form, remix_form
from adapters.discord.intake import Intake, check_files
from adapters.discord.members import Members, guild_id_of, workspace_of
from adapters.discord.outcomes import after_press, answered, refused_at_once, say
from adapters.discord.reading import (
    Attached,
    Data,
    Typed,
    read_command,
    read_modal,
    read_target,
    with_written,
)
from adapters.discord.rights import check_own, is_admin, is_thread, roles_of
from adapters.discord.specification import MENU, MESSAGE, REFERENCE
from adapters.platform import Acknowledged
from bot.catalog import Catalog
from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import CommandSpec, attachment_kinds, command, options_for
from bot.errors import DailiesError, Refused
from bot.jobs import Job, Member
from bot.scratch import scratch_for
from bot.service import MAKING, Service
from bot.views import Notice

log = structlog.get_logger()

# Of the 3 s; the rest is for the way.
ROW_SECONDS = 1.0
Answer = Callable[[Origin], Awaitable[Job | Notice]]


class Interactions:
    """Every command, click, form and completion."""

    def __init__(
        self,
        service: Service,
        catalog: Catalog,
        members: Members,
        intake: Intake,
        acknowledged: Acknowledged,
    ) -> None:
        self._service = service
        self._catalog = catalog
        self._members = members
        self._intake = intake
        self._acknowledged = acknowledged
        self._references = References()

    async def handle(self, interaction: Interaction) -> None:
        """Answer an interaction; whatever goes wrong, its person gets to know."""
        if interaction.type is discord.InteractionType.autocomplete:
            await self._complete(interaction)
            return
        exchange = Exchange(interaction, _member(interaction), self._acknowledged)
        try:
            await self._dispatch(exchange)
        except NotOurs as reason:
            log.info("interaction not answered", interaction=interaction.id, reason=str(reason))
        except Refused as error:
            await say(exchange, texts.refused(error))
        except Exception as error:  # noqa: BLE001 - the top of its task; `failed` logs it
            await say(exchange, texts.failed(error))

    async def _dispatch(self, exchange: Exchange) -> None:
        data: Data = exchange.interaction.data or {}
        press = read_id(str(data.get("custom_id", "")))
        if exchange.interaction.type is discord.InteractionType.application_command:
            if exchange.interaction.guild_id is None:
                await exchange.refuse(texts.only_in_servers())
            elif exchange.interaction.channel_id is None:
                await exchange.refuse(texts.unknown_place())
            elif data.get("type") == MESSAGE:
                await self._menu(exchange)
            else:
                await self._command(exchange)
        elif press is None:
            await exchange.refuse(texts.unknown_button())
        elif exchange.interaction.type is discord.InteractionType.modal_submit:
            await self._form(exchange, press)
        else:
            await self._press(exchange, press)

    async def _complete(self, interaction: Interaction) -> None:
        typed = read_command(interaction.data or {}, interaction.guild_id or 0)
        spec = typed.spec
        try:
            choices = completions(typed, spec, self._catalog) if spec else []
            await interaction.response.autocomplete(choices)
        except (discord.HTTPException, OSError) as error:
            # The person has typed on, or reads the list without it.
            log.debug("completion not sent", error=str(error))

    async def _command(self, exchange: Exchange) -> None:
        typed = read_command(exchange.interaction.data or {}, exchange.interaction.guild_id or 0)
        spec = typed.spec
        if spec is None:
            await exchange.refuse(texts.unknown_button())
            return
        await self._run(exchange, spec, typed)

    async def _menu(self, exchange: Exchange) -> None:
        data: Data = exchange.interaction.data or {}
        name, found = str(data.get("name")), read_target(data)
        if not found:
            await exchange.refuse(texts.refused(texts.NoFile()))
            return
        spec = command(MENU.get(name, ""))
        if spec is None:
            await exchange.refuse(texts.unknown_button())
            return
        # Of a message with both, what the command can work with; of one with neither, a clear no.
        kinds = attachment_kinds(spec, self._catalog)
        files = [file for file in found if file.kind in kinds][:1] or found[:1]
        if name != REFERENCE:
            await self._run(exchange, spec, Typed(spec.name, files=files))
            return
        # The prompt is still to come; nobody should write one for what cannot be used.
        asked = Invocation(self._origin(exchange), spec, {"prompt": name})
        if not await refused_at_once(exchange, lambda: self._check(exchange, asked, files)):
            await exchange.open_form(reference_form(self._references.keep(files)))

    async def _form(self, exchange: Exchange, press: Press) -> None:
        typed, files = read_modal(exchange.interaction.data or {})
        prompt = typed.get(PROMPT, "")
        if press.action == "reference":
            kept = self._references.take(press.subject)
            spec = command(MENU[REFERENCE])
            if kept is None or spec is None:
                await exchange.refuse(texts.refused(texts.FormExpired()))
                return
            arguments = {"prompt": prompt}
            await self._run(exchange, spec, Typed(spec.name, arguments, files=list(kept)))
            return
        if await refused_at_once(exchange, lambda: self._check_form(exchange, files)):
            return
        await exchange.acknowledge(public=True)

        async def remix(origin: Origin) -> Job | Notice:
            async with scratch_for(files) as folder:
                sent = await self._intake.fetch(files, folder)
                return await self._service.remix(origin, press.subject, prompt, sent)

        await self._answer(exchange, remix)

    async def _run(self, exchange: Exchange, spec: CommandSpec, typed: Typed) -> None:
        typed = with_written(typed, options_for(spec, self._catalog))
        origin = self._origin(exchange)
        invocation = Invocation(origin, spec, typed.arguments, typed.options)
        if await refused_at_once(exchange, lambda: self._check(exchange, invocation, typed.files)):
            return
        await exchange.acknowledge(public=spec.generates)

        async def run(origin: Origin) -> Job | Notice:
            async with scratch_for(typed.files) as folder:
                sent = await self._intake.fetch(typed.files, folder)
                arguments, options = invocation.arguments, invocation.options
                return await self._service.run(Invocation(origin, spec, arguments, options, sent))

        await self._answer(exchange, run)

    async def _press(self, exchange: Exchange, press: Press) -> None:
        if press.action == "remix":
            job = await self._row(exchange, press.subject)
            await exchange.open_form(remix_form(press, job))
            return
        if press.action in MAKING and await refused_at_once(
            exchange, lambda: _check_place(exchange.interaction)
        ):
            return
        await exchange.acknowledge_silently()
        origin = await self._asker(exchange)
        with answering(exchange):
            try:
                answer = await self._service.press(origin, press.action, press.subject)
            except Refused as error:
                await exchange.tell(texts.refused(error))
                return
            await answered(exchange, answer, after_press(exchange, press, answer))

    async def _answer(self, exchange: Exchange, ask: Answer) -> None:
        origin = await self._asker(exchange)
        with answering(exchange):
            try:
                answer = await ask(origin)
            except Refused as error:
                await exchange.tell(texts.refused(error))
                return
            # The card is its own message where the placeholder could not become it.
            last = exchange.tell(answer) if isinstance(answer, Notice) else exchange.withdraw()
            await answered(exchange, answer, last)

    async def _row(self, exchange: Exchange, job_id: str) -> Job | None:
        try:
            async with asyncio.timeout(ROW_SECONDS):
                return await self._service.find(self._origin(exchange), job_id)
        except (TimeoutError, DailiesError):
            return None

    def _check(self, exchange: Exchange, invocation: Invocation, files: Sequence[Attached]) -> None:
        invocation.spec.require(invocation.arguments)
        if invocation.spec.generates:
            _check_place(exchange.interaction)
        self._service.check(invocation, check_files(files))

    def _check_form(self, exchange: Exchange, files: Sequence[Attached]) -> None:
        self._service.check_pace(exchange.member)
        _check_place(exchange.interaction)
        check_files(files)

    async def _asker(self, exchange: Exchange) -> Origin:
        """Who asks; a direct message says nothing of somebody's place in the server.

        Raises NotInServer.
        """
        interaction, member = exchange.interaction, exchange.member
        if interaction.guild_id is not None or not guild_id_of(member.workspace):
            origin = self._origin(exchange)
            self._members.remember(origin.member, origin.roles)
            return origin
        roles = await self._members.roles_now(member)
        if roles is None:
            raise texts.NotInServer
        admin = await self._members.is_admin(member, roles)
        return Origin(member, exchange.channel, admin, roles, f"interaction:{interaction.id}")

    def _origin(self, exchange: Exchange) -> Origin:
        interaction, member = exchange.interaction, exchange.member
        roles = roles_of(interaction.user)
        admin = is_admin(interaction.permissions) or self._members.is_named_admin(member, roles)
        return Origin(member, exchange.channel, admin, roles, f"interaction:{interaction.id}")


def _check_place(interaction: Interaction) -> None:
    if interaction.guild_id is not None:
        check_own(interaction.app_permissions, thread=is_thread(interaction.channel))


def _member(interaction: Interaction) -> Member:
    """Who acts, in which server; a button in a direct message says it in its id."""
    data: Data = interaction.data or {}
    press = read_id(str(data.get("custom_id", "")))
    meant = press.guild if press is not None else None
    return Member(workspace_of(interaction.guild_id or meant or 0), str(interaction.user.id))
