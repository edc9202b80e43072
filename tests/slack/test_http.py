"""Over HTTP only Slack is listened to; and several workspaces install the bot by themselves."""

import json
import re
import time
from collections.abc import Awaitable, Callable

import aiohttp
from slack_sdk.signature import SignatureVerifier

from tests.slack.methods import SECRET
from tests.slack.processes import Bot
from tests.slack.server import post_signed
from tests.slack.workspace import Workspace

Run = Callable[..., Awaitable[Bot]]
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
    assert (await post({**signed(BODY), "X-Slack-Request-Timestamp": "soon"}))[0] == 401
    assert (await post(signed(BODY), BODY + " "))[0] == 401
    assert (await post(signed("x" * 1_010_000), "x" * 1_010_000))[0] == 413
    assert (await post(signed("[1]"), "[1]"))[0] == 400
    async with session.get(f"{bot.url}/", headers={"Host": "dailies.example.com"}) as page:
        assert page.status == 403


async def test_without_http_mode_there_is_nothing_to_call(
    run: Run, session: aiohttp.ClientSession
) -> None:
    bot = await run(DAILIES_PLAYGROUND__ENABLED="true")
    status, _ = await post_signed(
        session, f"{bot.url}/slack/events", BODY, "application/json", signed(BODY)
    )
    assert status == 404


async def test_workspaces_install_it_and_jobs_use_their_own_tokens(
    workspace: Workspace, run: Run, session: aiohttp.ClientSession
) -> None:
    server = workspace.server
    bot = await run(
        DAILIES_SLACK__MODE="http",
        DAILIES_SLACK__CLIENT_ID="1.2",
        DAILIES_SLACK__CLIENT_SECRET="5ec4e7",
        SLACK_BOT_TOKEN="",
    )
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
    await workspace.command("/imagine a cat")
    await bot.line(lambda line: line if "unknown workspace" in line else None)
    assert len(server.called("files.completeUploadExternal")) == 1
