"""The workspaces that we are in: their tokens, and who we are there."""

import asyncio
from typing import Any, Protocol

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize

from adapters.slack.api import Clients, Identity, SlackApi, call
from bot.errors import ChatError

log = structlog.get_logger()


class Installations(Protocol):
    """Tokens of workspaces that installed the bot by themselves: token and identity by team."""

    async def token_of(self, team: str) -> tuple[str, Identity] | None: ...


class Workspaces(AsyncAuthorize):
    """Finds the API of a workspace, for Bolt (by a request's team) and for jobs (by their workspace).

    With a token of our own there is a home; with OAuth there are any number beside it.
    """

    def __init__(
        self, clients: Clients, token: str | None, installations: Installations | None
    ) -> None:
        self._clients = clients
        self._token = token
        self._installations = installations
        self._home: SlackApi | None = None
        self._asking = asyncio.Lock()

    async def home(self) -> SlackApi | None:
        """The workspace of our own token; raises ChatError when Slack does not know the token."""
        if self._token is None:
            return None
        async with self._asking:
            if self._home is None:
                self._home = await self._open(self._token)
        return self._home

    async def api(self, workspace: str) -> SlackApi:
        """The API of a workspace, `slack:<team id>`; raises ChatError when we are not there."""
        found = await self.of_team(workspace.partition(":")[2])
        if found is None:
            raise ChatError(f"the bot is not installed in {workspace}", permanent=True)
        return found

    async def of_team(self, team: str | None) -> SlackApi | None:
        """The API of a team. Without OAuth there is only our home, whatever a request says."""
        home = await self.home()
        if home is not None and (self._installations is None or home.identity.team == team):
            return home
        if self._installations is None or team is None:
            return None
        known = await self._installations.token_of(team)
        return None if known is None else self._clients.api(*known)

    async def __call__(
        self, *, team_id: str | None = None, **_others: Any
    ) -> AuthorizeResult | None:
        """Bolt asks before every listener: no call to Slack may lie between a click and its ack."""
        api = await self.of_team(team_id)
        if api is None:
            log.warning("request of an unknown workspace", team=team_id)
            return None
        who = api.identity
        return AuthorizeResult(
            enterprise_id=who.enterprise,
            team_id=who.team,
            bot_user_id=who.bot_user,
            bot_id=who.bot,
            bot_token=api.token,
        )

    async def _open(self, token: str) -> SlackApi:
        answer = await call(self._clients.make(token, repeats=True), "auth.test")
        team, user = answer.get("team_id"), answer.get("user_id")
        if not isinstance(team, str) or not isinstance(user, str):
            raise ChatError("auth.test: an answer without a team")
        identity = Identity(team, user, answer.get("bot_id"), answer.get("enterprise_id"))
        return self._clients.api(token, identity)
