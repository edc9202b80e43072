"""Slack's Web API for one workspace, and how its failures are told apart."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import UNSURE, SlackRefused, SlackUnsure
from bot.errors import ChatError

Body = dict[str, Any]

# How often a call waits for `Retry-After` before it is given up for now.
RATE_LIMIT_RETRIES = 3
CALL_SECONDS = 30.0
CONNECT_SECONDS = 10.0
PAGE = 200

_UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@dataclass(frozen=True)
class Identity:
    """Who we are in a workspace, as `auth.test` has it."""

    team: str
    bot_user: str
    bot: str | None = None
    enterprise: str | None = None

    @property
    def workspace(self) -> str:
        return f"slack:{self.team}"


class Clients:
    """Makes the SDK's clients: one that may repeat a call after a broken connection, one that must not.

    The SDK's default repeats every call once after a broken connection, also one that posts.
    """

    def __init__(self, base_url: str, session: aiohttp.ClientSession, *, direct: bool) -> None:
        self._base_url = base_url
        self._session = session
        self._direct = direct
        # At its own level, or the SDK writes out every request to throw it away.
        self.logger = logging.getLogger("dailies.slack")
        self.logger.setLevel(logging.WARNING)

    def make(self, token: str | None, *, repeats: bool) -> AsyncWebClient:
        limits = AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)
        handlers = [limits, AsyncConnectionErrorRetryHandler()] if repeats else [limits]
        client = AsyncWebClient(
            token=token,
            base_url=self._base_url,
            session=self._session,
            retry_handlers=list(handlers),
            logger=self.logger,
        )
        if self._direct:
            # The SDK takes HTTP_PROXY for everything, this machine's own addresses too.
            client.proxy = None
        return client

    def api(self, token: str, identity: Identity) -> "SlackApi":
        return SlackApi(
            self.make(token, repeats=True), self.make(token, repeats=False), token, identity
        )


class SlackApi:
    """Calls in the name of one workspace; raises SlackRefused, SlackUnsure or ChatError."""

    def __init__(
        self, repeating: AsyncWebClient, once: AsyncWebClient, token: str, identity: Identity
    ) -> None:
        self._repeating = repeating
        self._once = once
        self.token = token
        self.identity = identity

    async def read(self, method: str, **arguments: Any) -> Body:
        """A call that changes nothing."""
        given = _given(arguments)
        return await call(self._repeating, method, http_verb="GET", params=given)

    async def do(self, method: str, **arguments: Any) -> Body:
        """A call that may be repeated: twice is as good as once."""
        return await call(self._repeating, method, json=_given(arguments))

    async def once(self, method: str, **arguments: Any) -> Body:
        """A call that is sent at most once; SlackUnsure when nobody knows whether it was done."""
        return await call(self._once, method, json=_given(arguments))

    async def ask(self, method: str, **arguments: Any) -> Body:
        """A call that takes its arguments in the address, as the SDK sends them."""
        return await call(self._repeating, method, params=_given(arguments))


async def call(client: AsyncWebClient, method: str, **how: Any) -> Body:
    """Any call of the Web API; its answer, or the failure as one of ours."""
    try:
        answer = await client.api_call(method, **how)
    except SlackApiError as error:
        raise _translated(method, error) from error
    except _UNREACHED as error:
        raise ChatError(f"{method}: Slack cannot be reached ({type(error).__name__})") from error
    # AttributeError: the SDK's own, for an answer that is plain text.
    except (aiohttp.ClientError, TimeoutError, OSError, AttributeError) as error:
        raise SlackUnsure(f"{method}: no answer ({type(error).__name__})") from error
    data = answer.data
    if not isinstance(data, dict):
        raise SlackUnsure(f"{method}: an answer that is no JSON")
    return data


def _given(arguments: Mapping[str, Any]) -> Body:
    return {name: value for name, value in arguments.items() if value is not None}


def _translated(method: str, error: SlackApiError) -> ChatError:
    response = error.response
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if isinstance(code, str) and code not in UNSURE:
        return SlackRefused.by(method, code)
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    if status == 429:
        return ChatError(f"{method}: Slack asks to slow down")
    return SlackUnsure(f"{method}: {code or f'HTTP {status}'}")
