"""Slack: both tokens, the scopes that the app was installed with, and the socket."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.config.contradictions import halves
from bot.probes.findings import UNREACHED, Finding, Surroundings, failed, ok, skipped, unreached

HELLO_SECONDS = 10.0
_BOT = (
    "Copy the Bot User OAuth Token (xoxb-…) from the app's OAuth & Permissions page and set "
    "SLACK_BOT_TOKEN."
)
_APP = (
    "Make an App-Level Token (xapp-…) with connections:write under Basic Information and set "
    "SLACK_APP_TOKEN."
)
_REINSTALL = "Paste `dailies slack-manifest` into the app's App Manifest, then install it again."


async def probe_slack(given: Surroundings) -> list[Finding]:
    """Both tokens; a socket is opened only where no running bot could miss something for it."""
    slack = given.config.slack
    for _, text in halves(given.config):
        return [failed("slack", "There is no bot token.", text)]
    if not slack.enabled:
        return [skipped("slack", "No SLACK_BOT_TOKEN: the bot does not run on Slack.")]
    found: list[Finding] = []
    if slack.bot_token is None:
        found.append(skipped("slack token", "Each workspace installs the app by itself (OAuth)."))
    else:
        found += await _bot_token(given, slack.bot_token.get_secret_value())
    if slack.mode == "http":
        return [*found, _signing(given)]
    if slack.app_token is None:
        return [*found, failed("slack socket", "Socket Mode has no app-level token.", _APP)]
    return [*found, await _socket(given, slack.app_token.get_secret_value())]


async def _bot_token(given: Surroundings, token: str) -> list[Finding]:
    from adapters.slack.manifest import BOT_SCOPES

    try:
        body, headers = await _call(given, "auth.test", token)
    except UNREACHED as error:
        return [unreached("slack token", given.config.slack.api_base, error)]
    if not body.get("ok"):
        text = f"Slack does not accept the bot token ({body.get('error')})."
        return [failed("slack token", text, _BOT)]
    taken = ok("slack token", f"Slack takes the bot token, in {body.get('team') or 'a workspace'}.")
    listed = headers.get("x-oauth-scopes")
    if listed is None:
        return [taken, skipped("slack scopes", "Slack did not list the token's scopes.")]
    missing = sorted(set(BOT_SCOPES) - {scope.strip() for scope in listed.split(",")})
    if missing:
        text = f"The app was installed without: {', '.join(missing)}."
        return [taken, failed("slack scopes", text, _REINSTALL)]
    return [taken, ok("slack scopes", f"The app has all {len(BOT_SCOPES)} scopes.")]


def _signing(given: Surroundings) -> Finding:
    if given.config.slack.signing_secret is not None:
        return ok("slack signing", "There is a signing secret; requests without it are refused.")
    mend = "Copy the Signing Secret from Basic Information and set SLACK_SIGNING_SECRET."
    return failed("slack signing", "Slack over HTTP has no signing secret.", mend)


async def _socket(given: Surroundings, token: str) -> Finding:
    name = "slack socket"
    try:
        body, _ = await _call(given, "apps.connections.open", token)
        if not body.get("ok"):
            text = f"Slack does not accept the app-level token ({body.get('error')})."
            return failed(name, text, _APP)
        if not given.alone:
            # Slack shares events out among sockets: one of the check's own could take a command.
            return ok(name, "Slack takes the app-level token; a running bot has the socket.")
        await _hello(given, str(body["url"]))
    except UNREACHED as error:
        return unreached(name, "Slack's socket", error)
    return ok(name, "The socket opens, and Slack says hello.")


async def _hello(given: Surroundings, url: str) -> None:
    # trust_env is the session's; a socket that says nothing is one that does not work.
    async with given.session.ws_connect(url) as socket:
        message = await socket.receive(timeout=HELLO_SECONDS)
        if (
            message.type is not aiohttp.WSMsgType.TEXT
            or json.loads(message.data)["type"] != "hello"
        ):
            raise aiohttp.ClientConnectionError("no hello")


async def _call(given: Surroundings, method: str, token: str) -> tuple[Any, Mapping[str, str]]:
    address = f"{given.config.slack.api_base}{method}"
    headers = {"Authorization": f"Bearer {token}"}
    async with given.session.post(address, headers=headers, allow_redirects=False) as answer:
        try:
            body = await answer.json(content_type=None)
        except ValueError:
            raise aiohttp.ClientPayloadError("no JSON") from None
        return (body if isinstance(body, dict) else {}), answer.headers
