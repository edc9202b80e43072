"""Where Slack does not take a result's files, the text arrives, and how to get the original."""

import re

import pytest

from tests.slack.inside import Run
from tests.slack.workspace import Workspace, shown


async def test_a_file_that_is_refused_for_its_size_becomes_a_picture_of_it(
    workspace: Workspace, run: Run
) -> None:
    await run()
    workspace.server.faults.too_large = 1
    await workspace.command("/imagine a fox")
    result = await workspace.result()
    assert "too large for this channel, so this is a picture of it" in shown(result)
    assert "An admin finds the original in the archive" in shown(result)
    assert len([m for m in workspace.in_channel() if m.get("files")]) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [("storage_limit_reached", "storage is full"), ("file_uploads_disabled", "not allow uploads")],
)
async def test_where_no_file_is_taken_the_text_arrives_with_the_way_to_the_original(
    workspace: Workspace, run: Run, code: str, said: str
) -> None:
    await run(DAILIES_WEB__PUBLIC_URL="https://dailies.example.com")
    workspace.server.faults.uploads_refused = code
    await workspace.command("/imagine a fox")
    result = await workspace.result()
    assert said in shown(result)
    assert re.search(r"<https://dailies\.example\.com/files/[^|>]+\|Original>", result["text"])
    assert "<@U0ADA>" in result["text"]


async def test_not_even_a_picture_of_it_is_taken(workspace: Workspace, run: Run) -> None:
    await run()
    workspace.server.faults.too_large = 99
    await workspace.command("/imagine a fox")
    assert "is too large for this channel." in shown(await workspace.result())
    assert not [m for m in workspace.in_channel() if m.get("files")]
