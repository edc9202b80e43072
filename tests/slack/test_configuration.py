"""What an operator can set wrong is one clear text, before anything is sent."""

import re
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from bot.errors import ConfigError
from tests.slack.inside import Run
from tests.slack.processes import Bot
from tests.slack.workspace import Workspace


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DAILIES_SLACK__API_BASE": "https://slack.example.com/api/"}, "slack.api_base"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN"),
        ({"DAILIES_SLACK__MODE": "http", "SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "bot token (invalid_auth)"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "app-level token (invalid_auth)"),
        ({"DAILIES_SLACK__CLIENT_ID": "1.2"}, "go together"),
        ({"DAILIES_SLACK__COMMAND_PREFIX": "No Way"}, "slack.command_prefix"),
    ],
)
async def test_a_wrong_setting_is_named(run: Run, environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        await run(**environment)


async def test_what_is_wrong_is_one_text_and_exit_code_2(
    launch: Callable[..., Awaitable[Bot]],
) -> None:
    bot = await launch(SLACK_BOT_TOKEN="xoxb-wrong", DAILIES_FAILPOINT="none")
    assert await bot.ended() == 2
    assert "bot token (invalid_auth)" in bot.output
    assert "Traceback" not in bot.output


async def test_an_id_in_the_environment_does_not_turn_oauth_on(
    workspace: Workspace, run: Run
) -> None:
    bot = await run(
        SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="5ec4e7", HTTP_PROXY="http://127.0.0.1:9"
    )
    async with workspace.session.get(f"{bot.url}/slack/install") as page:
        assert page.status == 404
    await workspace.command("/credits")
    assert "500" in await workspace.whisper()


async def test_commands_may_have_a_prefix(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_SLACK__COMMAND_PREFIX="dailies-")
    await workspace.command("/dailies-imagine a fox")
    await workspace.result()


async def test_playground_and_slack_run_in_one_process(workspace: Workspace, run: Run) -> None:
    bot = await run(DAILIES_PLAYGROUND__ENABLED="true")
    form = {"member": "ada", "text": "/imagine a fox"}
    async with workspace.session.post(f"{bot.url}/api/commands", data=_multipart(form)) as response:
        assert response.status == 202, await response.text()
    await workspace.command("/imagine a fox")
    await workspace.result()


def _multipart(fields: dict[str, str]) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    for name, value in fields.items():
        part = writer.append(value)
        part.set_content_disposition("form-data", name=name)
    return writer
