"""Commands whose files are not attached: results by `--ref`, links; with a form only for the words."""

import json

import pytest

from bot.media.containers import CONTAINERS
from tests.slack.inside import Run
from tests.slack.workspace import ADA, Json, Workspace, png, shown

LINK = "https://cdn.example.com/" + "a" * 120 + "/fox.png"


async def opened(workspace: Workspace) -> Json:
    """The form that a command has opened."""
    return await workspace.until(lambda: (workspace.server.views or [None])[-1])


def file_input(view: Json) -> Json | None:
    return next((block for block in view["blocks"] if block.get("block_id") == "files"), None)


async def test_a_form_takes_every_kind_of_file_that_is_opened(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/upscale")
    files = file_input(await opened(workspace))
    assert files is not None
    endings = {ending for each in CONTAINERS for ending in each.extensions}
    assert endings == set(files["element"]["filetypes"])


@pytest.mark.parametrize(
    "command", ["/animate --ref last it runs --duration 2", "/upscale --ref last"]
)
async def test_the_last_result_is_used_without_a_form(
    workspace: Workspace, run: Run, command: str
) -> None:
    await run()
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.command(command)
    await workspace.result(2)
    assert workspace.server.views == []


async def test_a_link_in_the_words_is_used_without_a_form(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/animate <https://cdn.example.com/cat.png> it runs --duration 2")
    card = await workspace.card()
    assert "cat.png" in shown(card)
    assert workspace.server.views == []


async def test_a_form_for_the_words_alone_keeps_a_long_link_whole(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command(f"/imagine --ref {LINK}")
    view = await opened(workspace)
    assert json.loads(view["private_metadata"])["options"] == {"ref": LINK}
    assert LINK in json.dumps(view["blocks"])
    await workspace.submit(view, prompt="a fox like that")
    assert "fox.png" in shown(await workspace.card())


async def test_a_form_asks_for_no_file_where_one_is_named(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.command("/animate --ref last --model gen4.5")
    view = await opened(workspace)
    assert file_input(view) is None
    await workspace.submit(view, prompt="it runs", duration="2")
    await workspace.result(2)


async def test_a_form_leaves_a_file_optional_where_a_link_stands_in_the_words(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/animate https://cdn.example.com/cat.png --model gen4.5")
    view = await opened(workspace)
    files = file_input(view)
    assert files is not None
    assert files["optional"]
    await workspace.submit(view, prompt="https://cdn.example.com/cat.png it runs", duration="2")
    assert "cat.png" in shown(await workspace.card())


async def test_a_reference_that_no_form_can_carry_is_refused(
    workspace: Workspace, run: Run
) -> None:
    await run()
    many = " ".join([LINK] * 30)
    await workspace.command(f'/imagine --ref "{many}"')
    assert "Send the command again with its prompt" in await workspace.whisper()
    assert workspace.server.views == []


async def test_nothing_is_fetched_for_whoever_asks_too_fast(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_LIMITS__BURST="1", DAILIES_LIMITS__PER_MINUTE="1")
    await workspace.command("/credits")
    await workspace.whisper()
    message = workspace.say("look", files=[workspace.add_file("cat.png", png())])
    await workspace.shortcut("upscale", message)
    assert "That was a lot at once" in await workspace.whisper(2)
    assert workspace.server.fetched == []


async def test_what_is_missing_beside_a_reference_is_said(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.command("/perform --ref last", ADA)
    assert "video" in await workspace.whisper()
    assert workspace.server.views == []
