"""Several workspaces: what Bolt's OAuth flow needs, on our own rows."""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any, Protocol

from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.slack.api import Identity
from adapters.slack.manifest import BOT_SCOPES
from bot.config import SlackConfig
from bot.ports import Clock

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
STATE_LIFETIME = timedelta(minutes=10)
FOR_ONE_WORKSPACE = (
    "Dailies was not installed: it cannot be installed for a whole organisation at once. Open the same "
    "link again, and choose one workspace at the top right of Slack's page. Repeat that for each "
    "workspace that wants it; an admin can then take back the installation for the organisation."
)

Record = dict[str, Any]


class InstallationRows(Protocol):
    """Where installations are kept: by workspace, and by the member who installed."""

    async def save(self, workspace: str, member: str, record: Record, now: datetime) -> None: ...
    async def find(self, workspace: str, member: str | None = None) -> Record | None: ...
    async def delete(self, workspace: str, member: str | None = None) -> None: ...
    async def issue_state(self, state: str, expires_at: datetime, now: datetime) -> None: ...
    async def take_state(self, state: str, now: datetime) -> bool: ...


class WholeOrganisation(BoltError):
    """An installation for all workspaces of an Enterprise organisation at once: it has no team."""


class Installed(AsyncInstallationStore):
    """Bolt's installation store, and the tokens for jobs."""

    def __init__(self, rows: InstallationRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._logger = logging.getLogger("dailies.slack")

    @property
    def logger(self) -> logging.Logger:
        return self._logger

    async def token_of(self, team: str) -> tuple[str, Identity] | None:
        """A team's token, and who we are there."""
        record = await self._rows.find(team)
        if record is None or not record.get("bot_token"):
            return None
        enterprise = record.get("enterprise_id")
        identity = Identity(team, str(record.get("bot_user_id")), record.get("bot_id"), enterprise)
        return record["bot_token"], identity

    async def async_save(self, installation: Installation) -> None:
        if installation.is_enterprise_install or installation.team_id is None:
            raise WholeOrganisation("an installation for a whole organisation")
        workspace = _workspace(installation.enterprise_id, installation.team_id)
        now = self._clock.now()
        await self._rows.save(workspace, installation.user_id, dict(vars(installation)), now)

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        record = await self._rows.find(_workspace(enterprise_id, team_id), user_id)
        return Installation(**record) if record else None

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        found = await self.async_find_installation(enterprise_id=enterprise_id, team_id=team_id)
        return found.to_bot() if found else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._rows.delete(_workspace(enterprise_id, team_id))

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        await self._rows.delete(_workspace(enterprise_id, team_id), user_id)


class States(AsyncOAuthStateStore):
    """One-time words for the way to Slack and back."""

    def __init__(self, rows: InstallationRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._logger = logging.getLogger("dailies.slack")

    @property
    def logger(self) -> logging.Logger:
        return self._logger

    async def async_issue(self, *_args: Any, **_more: Any) -> str:
        state = secrets.token_urlsafe(32)
        now = self._clock.now()
        await self._rows.issue_state(state, now + STATE_LIFETIME, now)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self._rows.take_state(state, self._clock.now())


def oauth_settings(
    config: SlackConfig, installed: Installed, rows: InstallationRows, clock: Clock
) -> AsyncOAuthSettings | None:
    """Bolt's settings for OAuth; None where it is not configured in our own section."""
    if config.client_id is None or config.client_secret is None:
        return None
    return AsyncOAuthSettings(
        client_id=config.client_id,
        client_secret=config.client_secret.get_secret_value(),
        scopes=list(BOT_SCOPES),
        user_scopes=[],
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        installation_store=installed,
        state_store=States(rows, clock),
        callback_options=AsyncCallbackOptions(success=_installed, failure=_not_installed),
    )


async def _installed(arguments: AsyncSuccessArgs) -> BoltResponse:
    return await arguments.default.success(arguments)


async def _not_installed(arguments: AsyncFailureArgs) -> BoltResponse:
    if isinstance(arguments.error, WholeOrganisation):
        plain = "text/plain; charset=utf-8"
        return BoltResponse(status=400, body=FOR_ONE_WORKSPACE, headers={"Content-Type": plain})
    return await arguments.default.failure(arguments)


def _workspace(enterprise: str | None, team: str | None) -> str:
    # An installation for a whole organisation has no team.
    return team or enterprise or ""
