"""`/quota …` in Slack: files for one person, a channel for alerts, who changed what."""

import csv
import io
from collections.abc import Awaitable, Callable

from PIL import Image

from tests.slack.processes import Bot
from tests.slack.workspace import BEN, GUEST, OUTSIDER, PRIVATE, SHUT, Workspace, shown

Run = Callable[..., Awaitable[Bot]]


async def test_a_report_goes_to_our_own_conversation_with_the_admin(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine a fox", BEN)
    await workspace.until(
        lambda: next((m for m in workspace.in_channel() if "*Done*" in shown(m)), None)
    )
    in_channel = len(workspace.in_channel())
    await workspace.command("/quota report week")
    assert "our own conversation" in await workspace.whisper()
    words, files = workspace.in_channel("D0ADA")
    assert "8 credits for 1 job" in words["text"]
    chart, table = [workspace.server.files[file["id"]] for file in files["files"]]
    assert Image.open(io.BytesIO(chart["content"])).format == "PNG"
    (row,) = csv.DictReader(io.StringIO(table["content"].decode()))
    assert (row["member"], row["name"], row["credits"]) == (BEN, "Ben <b>", "8")
    assert len(workspace.in_channel()) == in_channel


async def test_the_workspaces_own_alert_channel_comes_before_the_configured_one(
    workspace: Workspace, run: Run
) -> None:
    await run(DAILIES_SLACK__ALERT_CHANNEL="C0ROOM")
    await workspace.command(f"/quota settings alerts <#{SHUT}|shut>")
    assert "cannot see a channel" in await workspace.whisper()
    await workspace.command(f"/quota settings alerts <#{PRIVATE}|ops> --why it is quieter")
    assert PRIVATE in await workspace.whisper(2)
    await workspace.command("/quota set <@U0BEN|ben> 5")
    assert "5 credits" in await workspace.whisper(3)
    await workspace.command("/quota history")
    assert "it is quieter" in await workspace.whisper(4)
    await workspace.command("/imagine a fox", BEN)
    assert "Not enough credits" in await workspace.whisper(5)
    await workspace.press({**workspace.server.responses[-1], "ts": "1.0"}, "ask", BEN)
    await workspace.until(lambda: workspace.in_channel(PRIVATE) or None)
    assert "beyond the credits left" in shown(workspace.in_channel(PRIVATE)[0])


async def test_a_name_that_several_bear_is_nobodys(workspace: Workspace, run: Run) -> None:
    """Whoever calls themselves like somebody else gets nothing of what is meant for them."""
    await run()
    workspace.server.users[GUEST]["profile"] = {"display_name": "Carla"}
    await workspace.command("/quota grant carla 40")
    assert "40 credits" in await workspace.whisper()
    workspace.server.users[OUTSIDER]["profile"] = {"display_name": "Carla"}
    await workspace.command("/quota grant carla 50")
    assert "50 credits" in await workspace.whisper(2)
    workspace.server.users[BEN]["profile"] = {"display_name": "CARLA"}
    await workspace.command("/quota grant carla 60")
    assert "not the name of one member" in await workspace.whisper(3)
