"""What goes wrong between Slack and us: nothing is posted twice, nothing is charged twice, nothing is lost."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot.desk.generation import ONCE_WINDOW
from bot.runway.simulator import RunningSimulator
from tests.slack.inside import Run, books_of
from tests.slack.processes import Bot
from tests.slack.workspace import ADA, BEN, ROOM, Workspace, is_card, is_result, key_of, png, shown


def posted(workspace: Workspace) -> Counter[str]:
    """How often each thing of ours is in the channel: cards, results, shared files."""
    ours = [m for m in workspace.in_channel() if m["user"] == "U0BOT"]
    return Counter("file" if m.get("files") else key_of(m).split(":")[0] for m in ours)


# Places in the life of one job, in their order.
LINES = (
    "card.posted", "deliver.intended", "slack.upload.noted", "slack.share.done", "slack.shared",
    "slack.post.sent", "deliver.posted",
)  # fmt: skip
ONCE = {"card": 1, "file": 1, "result": 1}
Launch = Callable[..., Awaitable[Bot]]


async def charged_once(simulator: RunningSimulator, session: aiohttp.ClientSession) -> bool:
    return len((await books_of(simulator, session))["tasks"]) == 1


async def test_messages_without_an_answer_are_found_by_what_they_carry(
    workspace: Workspace, run: Run
) -> None:
    await run()
    workspace.server.faults.lost["chat.postMessage"] = 2
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.until(lambda: _final_card(workspace))
    assert posted(workspace) == ONCE


async def test_calls_wait_as_long_as_slack_asks(workspace: Workspace, run: Run) -> None:
    await run()
    for method in ("chat.postMessage", "files.completeUploadExternal", "users.info"):
        workspace.server.faults.limited[method] = 1
    await workspace.command("/imagine a fox")
    await workspace.result()
    assert posted(workspace) == ONCE


async def test_a_dropped_socket_is_replaced(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/credits")
    await workspace.whisper()
    for socket in list(workspace.server.sockets):
        await socket.close()
    await workspace.until(lambda: workspace.server.sockets or None)
    await workspace.command("/credits")
    assert "500" in await workspace.whisper(2)
    await workspace.server.sockets[-1].send_str('{"type":"disconnect","reason":"warning"}')
    await workspace.until(
        lambda: True if len(workspace.server.called("apps.connections.open")) == 3 else None
    )
    await workspace.command("/credits")
    await workspace.whisper(3)


async def test_what_is_delivered_again_is_one_job(workspace: Workspace, run: Run) -> None:
    bot = await run()
    command = workspace.command_payload("/imagine a fox")
    await workspace.send("slash_commands", command)
    await workspace.send("slash_commands", command, retry_attempt=1)
    first = await workspace.result()
    press = workspace.press_payload(first, "retry")
    for _ in range(2):
        await workspace.send("interactive", press)
    await workspace.result(2)
    for _ in range(2):
        await workspace.react(first, "repeat", BEN, event_id="Ev0SAME")
    await workspace.result(3)
    await bot.stop()
    await run()
    await workspace.send("slash_commands", command, retry_attempt=2)
    await workspace.send("interactive", press)
    await workspace.react(first, "repeat", BEN, event_id="Ev0SAME")
    await workspace.command("/imagine the last one", BEN)
    await workspace.result(4)
    assert len([m for m in workspace.in_channel() if is_result(m)]) == 4


async def test_credits_are_granted_once_also_when_the_command_comes_again_after_a_restart(
    workspace: Workspace, run: Run
) -> None:
    bot = await run()
    grant = workspace.command_payload("/quota grant <@U0BEN> 100")
    await workspace.send("slash_commands", grant)
    assert "100" in await workspace.whisper()
    await bot.stop()
    await run()
    await workspace.send("slash_commands", grant, retry_attempt=1)
    await workspace.whisper(2)
    await workspace.command("/credits", BEN)
    assert "*600* of 600" in await workspace.whisper(3)
    await workspace.command("/quota grant <@U0BEN> 100")
    await workspace.whisper(4)
    await workspace.command("/credits", BEN)
    assert "*700* of 700" in await workspace.whisper(5)


async def test_a_rule_is_not_set_back_by_a_command_that_comes_again_after_a_restart(
    workspace: Workspace, run: Run
) -> None:
    bot = await run()
    first = workspace.command_payload("/quota set <@U0BEN> 5")
    await workspace.send("slash_commands", first)
    await workspace.whisper()
    await workspace.command("/quota set <@U0BEN> 900")
    await workspace.whisper(2)
    await bot.stop()
    await run()
    await workspace.send("slash_commands", first, retry_attempt=1)
    assert "arrived a second time; it was not run again" in await workspace.whisper(3)
    await workspace.command("/credits", BEN)
    assert "*900* of 900" in await workspace.whisper(4)


async def test_a_double_click_is_one_job_and_a_click_later_is_another(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine a fox")
    first = await workspace.result()
    await workspace.press(first, "retry")
    await workspace.press(first, "retry")
    await workspace.react(first, "arrows_counterclockwise")
    await workspace.result(2)
    # Not since the click was acknowledged: the job that it made may have been accepted later.
    again = float(workspace.server.ts())
    window = ONCE_WINDOW.total_seconds()
    await workspace.until(lambda: True if float(workspace.server.ts()) > again + window else None)
    await workspace.press(first, "retry")
    await workspace.result(3)
    assert posted(workspace) == {"card": 3, "file": 3, "result": 3}


async def test_a_page_to_sign_in_is_no_picture(workspace: Workspace, run: Run) -> None:
    await run()
    workspace.server.faults.login_page = True
    message = workspace.say("look", files=[workspace.add_file("cat.png", png())])
    await workspace.shortcut("upscale", message)
    assert "install the app again" in await workspace.whisper()
    assert posted(workspace) == {}


async def test_a_channel_that_we_were_taken_out_of_is_joined_again(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine a fox")
    await workspace.card()
    workspace.server.channels[ROOM]["is_member"] = False
    await workspace.result()
    assert posted(workspace) == ONCE


@pytest.mark.parametrize("code", ["token_revoked", "invalid_auth"])
async def test_a_token_that_is_refused_for_a_while_keeps_no_result_back(
    workspace: Workspace, run: Run, code: str
) -> None:
    await run()
    await workspace.command("/imagine a fox")
    await workspace.card()
    server = workspace.server
    server.faults.token_refused = code
    refused = "files.getUploadURLExternal"
    await workspace.until(lambda: any(c.method == refused for c in server.calls) or None)
    assert not server.called(refused)
    server.faults.token_refused = ""
    await workspace.result()
    await workspace.until(lambda: _final_card(workspace))
    assert posted(workspace) == ONCE


@pytest.mark.parametrize(
    ("words", "told"), [("", "could not be posted"), ("!internal", "It cost nothing")]
)
async def test_the_end_of_a_job_whose_channel_was_deleted_is_told_directly(
    workspace: Workspace, run: Run, words: str, told: str
) -> None:
    await run()
    await workspace.command(f"/imagine a fox {words}")
    await workspace.card()
    del workspace.server.channels[ROOM]
    direct = f"D{ADA[1:]}"
    await workspace.until(lambda: workspace.in_channel(direct) or None)
    (message,) = workspace.in_channel(direct)
    assert told in shown(message)


async def test_an_end_is_shown_on_the_card_of_one_who_died_before_noting_it(
    workspace: Workspace, run: Run, known_folder: Path
) -> None:
    """The card is found, and shows what it showed then; and the first edit of it fails."""
    bot = await run()
    await workspace.command("/imagine a fox")
    await workspace.result()
    await workspace.until(lambda: _final_card(workspace))
    await bot.stop()
    with closing(sqlite3.connect(known_folder / "dailies.db", isolation_level=None)) as rows:
        rows.execute("UPDATE jobs SET card = NULL, told = 0")
    (card,) = (m for m in workspace.in_channel() if is_card(m))
    card["blocks"] = [b for b in card["blocks"] if "Done" not in str(b)]
    workspace.server.faults.broken["chat.update"] = 1
    await run()
    await workspace.until(lambda: _final_card(workspace))
    assert posted(workspace) == ONCE


async def test_the_second_card_of_a_job_is_deleted(
    workspace: Workspace, run: Run, known_folder: Path
) -> None:
    """Another replica posts the same card, and notes its own before this one hears of its own."""
    await run()
    slow = workspace.server.faults.slow
    held = slow["chat.postMessage"] = asyncio.Event()
    await workspace.command("/imagine a fox")
    theirs = {**await workspace.card(), "ts": workspace.server.ts()}
    workspace.in_channel().append(theirs)
    with closing(sqlite3.connect(known_folder / "dailies.db", isolation_level=None)) as rows:
        rows.execute("UPDATE jobs SET card = ?", [theirs["ts"]])
    del slow["chat.postMessage"]
    held.set()
    await workspace.result()
    await workspace.until(lambda: _final_card(workspace))
    await workspace.until(lambda: posted(workspace) == ONCE or None)
    assert [m["ts"] for m in workspace.in_channel() if is_card(m)] == [theirs["ts"]]


async def test_killed_again_and_again_it_is_posted_once_and_charged_once(
    workspace: Workspace,
    launch: Launch,
    simulator: RunningSimulator,
    session: aiohttp.ClientSession,
) -> None:
    """One job, and the process dies at one line after the other; what it began is found each time."""
    for number, point in enumerate(LINES):
        bot = await launch(DAILIES_FAILPOINT=point)
        if number == 0:
            await bot.ready()
            await workspace.command("/imagine a fox")
        assert await bot.ended() == -9, point
    await launch()
    await workspace.result()
    await workspace.until(lambda: _final_card(workspace))
    assert posted(workspace) == ONCE
    assert await charged_once(simulator, session)


def _final_card(workspace: Workspace) -> bool | None:
    cards = [m for m in workspace.in_channel() if key_of(m).startswith("card:")]
    return True if cards and "Done" in str(cards[0]["blocks"]) else None
