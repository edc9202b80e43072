"""Over HTTP only Slack is listened to; and several workspaces install the bot by themselves."""

import asyncio
import json
import re
import time

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from tests.slack.inside import Run
from tests.slack.methods import SECRET
from tests.slack.server import SlackServer, post_signed
from tests.slack.workspace import Workspace

OAUTH = {
    "DAILIES_SLACK__MODE": "http", "DAILIES_SLACK__CLIENT_ID": "1.2",
    "DAILIES_SLACK__CLIENT_SECRET": "5ec4e7", "SLACK_BOT_TOKEN": "",
}  # fmt: skip
BODY = json.dumps({"type": "url_verification", "challenge": "c0ffee", "token": "t"})


def signed(body: str, age: float = 0, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}


async def test_only_signed_and_recent_requests_are_heard(
    workspace: Workspace, run: Run, session: aiohttp.ClientSession
) -> None:
    bot = await run(DAILIES_SLACK__MODE="http", DAILIES_PLAYGROUND__ENABLED="true")

    async def post(headers: dict[str, str], body: str = BODY) -> tuple[int, str]:
        url = f"{bot.url}/slack/events"
        # From outside it is called by another name than this machine's.
        headers = {"Host": "dailies.example.com", **headers}
        return await post_signed(session, url, body, "application/json", headers)

    status, text = await post(signed(BODY))
    assert (status, "c0ffee" in text) == (200, True)
    assert (await post(signed(BODY, age=301)))[0] == 401
    assert (await post(signed(BODY, age=-301)))[0] == 401
    assert (await post(signed(BODY, secret="another")))[0] == 401
    assert (await post({}))[0] == 401
    for stamp in ("soon", "1" * 5000):
        assert (await post({**signed(BODY), "X-Slack-Request-Timestamp": stamp}))[0] == 401
    assert (await post(signed(BODY), BODY + " "))[0] == 401
    assert (await post(signed("x" * 1_010_000), "x" * 1_010_000))[0] == 413
    assert (await post(signed("[1]"), "[1]"))[0] == 400
    async with session.get(f"{bot.url}/", headers={"Host": "dailies.example.com"}) as page:
        assert page.status == 403


@pytest.mark.parametrize(
    "strange", [{"type": "block_actions", "actions": []}, {"type": "event_callback", "event": None}]
)
async def test_what_cannot_be_understood_is_acknowledged_and_the_next_is_heard(
    workspace: Workspace, run: Run, session: aiohttp.ClientSession, strange: dict[str, object]
) -> None:
    bot = await run(DAILIES_SLACK__MODE="http")
    people = {"team_id": "T0HOME", "team": {"id": "T0HOME"}, "user": {"id": "U0ADA"}}
    for body in (json.dumps({**people, **strange}), BODY):
        status, _ = await post_signed(
            session, f"{bot.url}/slack/events", body, "application/json", signed(body)
        )
        assert status == 200


async def test_without_http_mode_there_is_nothing_to_call(
    run: Run, session: aiohttp.ClientSession
) -> None:
    bot = await run(DAILIES_PLAYGROUND__ENABLED="true")
    status, _ = await post_signed(
        session, f"{bot.url}/slack/events", BODY, "application/json", signed(BODY)
    )
    assert status == 404


# slack_sdk 3.47 signs its request for a token with what aiohttp is about to give up.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_workspaces_install_it_and_jobs_use_their_own_tokens(
    workspace: Workspace, run: Run, session: aiohttp.ClientSession
) -> None:
    server = workspace.server
    bot = await run(**OAUTH)
    workspace.http = bot.url
    async with session.get(f"{bot.url}/slack/install") as page:
        state = re.search(r"state=([\w-]+)", await page.text())
        cookie = page.headers["Set-Cookie"].split(";")[0]
    assert state is not None
    back = f"{bot.url}/slack/oauth_redirect?code=code-T0HOME&state={state[1]}"
    async with session.get(back) as page:
        assert page.status == 400
    async with session.get(back, headers={"Cookie": cookie}) as page:
        assert page.status == 200, await page.text()
    async with session.get(back, headers={"Cookie": cookie}) as page:
        assert page.status == 401
    server.tokens.pop("xoxb-home")
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.event({"type": "app_uninstalled"})

    # The event is dealt with after its answer; from then on Slack's own library says why.
    async with asyncio.timeout(20):
        while "reinstall" not in str(server.responses):
            await workspace.command("/credits")


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_an_installation_for_a_whole_organisation_is_refused_with_the_way_that_works(
    server: SlackServer, run: Run, session: aiohttp.ClientSession
) -> None:
    bot = await run(**OAUTH)
    back = await _through_slack(session, bot.url, "code-E0ORG")
    async with back as page:
        assert page.status == 400
        assert "choose one workspace" in await page.text()
    back = await _through_slack(session, bot.url, "code-T0HOME")
    async with back as page:
        assert page.status == 200


async def _through_slack(
    session: aiohttp.ClientSession, url: str, code: str
) -> aiohttp.client._RequestContextManager:
    """Somebody comes back from Slack's page to ours with a code."""
    async with session.get(f"{url}/slack/install") as page:
        state = re.search(r"state=([\w-]+)", await page.text())
        cookie = page.headers["Set-Cookie"].split(";")[0]
    assert state is not None
    back = f"{url}/slack/oauth_redirect?code={code}&state={state[1]}"
    return session.get(back, headers={"Cookie": cookie})
