"""Asking an admin in Slack: whoever of them can be told, and again where nobody could be."""

from tests.slack.inside import Run
from tests.slack.workspace import ADA, BEN, SHUT, Json, Workspace, shown

POOR = {"DAILIES_QUOTA__CREDITS": "3"}
ADAS = "D0ADA"


async def refused(workspace: Workspace) -> Json:
    """The refusal of a job that Ben cannot pay, with the button to ask."""
    await workspace.command("/imagine a fox", BEN)
    assert "Not enough credits" in await workspace.whisper()
    return {**workspace.server.responses[-1], "ts": "1.0"}


async def alerts(workspace: Workspace, channel: str) -> list[Json]:
    return await workspace.until(lambda: workspace.in_channel(channel) or None)


async def test_one_admin_who_is_gone_keeps_no_other_from_being_asked(
    workspace: Workspace, run: Run
) -> None:
    workspace.server.users["U0AWAY"] = {"id": "U0AWAY", "team_id": "T0HOME", "deleted": True}
    await run(DAILIES_SLACK__ADMINS='["U0AAA", "U0ADA", "U0AWAY", "U0GONE"]', **POOR)
    await workspace.press(await refused(workspace), "ask", BEN)
    (alert,) = await alerts(workspace, ADAS)
    assert "asks for an image" in shown(alert)
    assert "have been asked" in await workspace.whisper(2)
    await workspace.press(alert, "approve", ADA, ADAS)
    await workspace.result()


async def test_the_admins_are_asked_where_their_channel_is_gone_or_not_seen(
    workspace: Workspace, run: Run
) -> None:
    await run(DAILIES_SLACK__ALERT_CHANNEL=SHUT, **POOR)
    await workspace.press(await refused(workspace), "ask", BEN)
    (alert,) = await alerts(workspace, ADAS)
    assert "asks for an image" in shown(alert)


async def test_who_could_not_ask_is_told_so_and_asks_again(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_SLACK__ADMINS='["U0LATER"]', **POOR)
    refusal = await refused(workspace)
    await workspace.press(refusal, "ask", BEN)
    assert "nobody has been asked" in await workspace.whisper(2)
    workspace.server.users["U0LATER"] = {"id": "U0LATER", "team_id": "T0HOME"}
    await workspace.press(refusal, "ask", BEN)
    (alert,) = await alerts(workspace, "D0LATER")
    assert "have been asked" in await workspace.whisper(3)
    await workspace.press(alert, "approve", "U0LATER", "D0LATER")
    await workspace.result()
