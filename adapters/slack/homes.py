"""Shows App Home and takes what is pressed there."""

from collections.abc import Mapping
from typing import Any

import structlog

from adapters.slack.clicks import Clicks
from adapters.slack.desk import Asked, Desk
from adapters.slack.errors import Ignored, Told
from adapters.slack.home import QUOTA_ACTIONS, Page, home_view, quota_command, quota_form
from adapters.slack.whispers import Asker, Whispers
from bot.catalog import Catalog
from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import command
from bot.errors import ChatError, Refused
from bot.jobs import Job
from bot.text import Text

log = structlog.get_logger()

Payload = Mapping[str, Any]
JOBS_LOOKED_AT = 30


class Homes:
    """Every member's own page; drawn anew when it is opened and after each press."""

    def __init__(self, desk: Desk, clicks: Clicks, whispers: Whispers, catalog: Catalog) -> None:
        self._desk = desk
        self._clicks = clicks
        self._whispers = whispers
        self._catalog = catalog

    async def show(self, asker: Asker) -> None:
        """Draw a member's page; for those who may not run anything it stays empty."""
        try:
            origin = await self._desk.origin(asker, None, None, rights=True, posts=False)
            page = await self._page(origin)
            texts = (page.credits, page.history, page.team or ())
            names = await self._whispers.names_in(asker.api, *texts)
            view = home_view(page, self._catalog, names)
            await asker.api.do("views.publish", user_id=asker.user, view=view)
        except (Told, Ignored) as error:
            log.info("no home", user=asker.user, why=type(error).__name__)
        except (ChatError, Refused) as error:
            log.warning("home not shown", user=asker.user, error=str(error))

    async def pressed(self, asker: Asker, body: Payload, action: Payload) -> None:
        """A button on the page that means the same as under a message."""
        await self._clicks.pressed(asker, body, action)
        await self.show(asker)

    async def control(self, asker: Asker, body: Payload, action: Payload) -> None:
        """One of the admins' buttons: open its form. Who may send it is checked when it is sent."""
        form = quota_form(QUOTA_ACTIONS[str(action["action_id"])])
        try:
            await asker.api.once("views.open", trigger_id=body.get("trigger_id"), view=form)
        except ChatError as error:
            log.warning("form not opened", error=str(error))

    async def sent(self, asker: Asker, body: Payload) -> None:
        """An admin's form, as the command that it stands for."""
        name, arguments = quota_command(body["view"])
        spec = command(name)
        if spec is None:
            return
        event = f"quota:{body['view'].get('id')}:{body.get('trigger_id')}"
        team = (body.get("user") or {}).get("team_id")
        await self._desk.run(Asked(asker, event, spec, arguments, team=team))
        await self.show(asker)

    async def _page(self, origin: Origin) -> Page:
        jobs = await self._desk.service.recent_jobs(origin, JOBS_LOOKED_AT)
        team = None
        if origin.admin:
            team = await self._text(origin, "quota show", who="workspace")
        credits = await self._text(origin, "credits")
        return Page(credits, jobs, await self._text(origin, "history"), team)

    async def _text(self, origin: Origin, name: str, **arguments: str) -> Text:
        spec = command(name)
        if spec is None:
            raise KeyError(name)
        answer = await self._desk.service.run(Invocation(origin, spec, arguments))
        return () if isinstance(answer, Job) else answer.text
