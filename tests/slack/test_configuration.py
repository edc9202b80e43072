"""What an operator can set wrong is one clear text, before anything is sent."""

import re
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import ConfigError
from tests.slack.inside import Run
from tests.slack.processes import Bot
from tests.slack.workspace import BEN, Workspace, shown


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
    await workspace.command("/dailies-help")
    told = await workspace.whisper()
    assert "`/dailies-imagine &lt;prompt&gt;`" in told
    assert "`/dailies-credits`" in told
    assert "/imagine" not in told
    await workspace.command("/dailies-history", BEN)
    assert "Try `/dailies-imagine a lighthouse at dusk`" in await workspace.whisper(2)
    await workspace.command("/dailies-quota sett")
    assert "`/dailies-quota set`" in await workspace.whisper(3)
    await workspace.event({"type": "app_home_opened", "user": BEN, "tab": "home"})
    home = await workspace.until(lambda: workspace.server.homes.get(BEN))
    assert "Try `/dailies-imagine" in shown(home)
