"""The whole story, with the real process: over Socket Mode and over signed HTTP."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bot.runway.simulator import RunningSimulator
from tests.slack.inside import Run, books_of
from tests.slack.processes import Bot
from tests.slack.workspace import BEN, Workspace, buttons, key_of, png, shown


async def test_over_socket_mode_with_a_process_that_is_killed_in_the_middle(
    workspace: Workspace,
    launch: Callable[..., Awaitable[Bot]],
    simulator: RunningSimulator,
    session: aiohttp.ClientSession,
) -> None:
    bot = await launch()
    first = await _make_five(workspace)
    await bot.kill()
    await launch()
    await _make_the_sixth(workspace, first)
    assert len((await books_of(simulator, session))["tasks"]) == 6


async def test_over_signed_http(
    workspace: Workspace, run: Run, simulator: RunningSimulator, session: aiohttp.ClientSession
) -> None:
    bot = await run(DAILIES_SLACK__MODE="http")
    workspace.http = bot.url
    first = await _make_five(workspace)
    await bot.stop()
    bot = await run(DAILIES_SLACK__MODE="http")
    workspace.http = bot.url
    await _make_the_sixth(workspace, first)
    assert len((await books_of(simulator, session))["tasks"]) == 6


async def _make_five(workspace: Workspace) -> dict[str, Any]:
    """Command, 🔁, ⬆️, form with a file, shortcut; the first result."""
    await workspace.command("/imagine a fox with a payload &amp; a <https://x.y|hat> --ratio 16:9")
    card = await workspace.card()
    assert "a fox with a payload &amp; a hat" in shown(card)
    first = await workspace.result()
    assert "<@U0ADA>" in first["text"]
    assert "left" in first["text"]
    assert [b["text"]["text"].split(" · ")[0] for b in buttons(first)] == [
        "🔁 Retry",
        "⬆️ Upscale",
        "🎬 Animate",
    ]
    file_message = next(m for m in workspace.in_channel() if m.get("files"))

    await workspace.react(first, "repeat", BEN)
    second = await workspace.result(2)
    assert "<@U0BEN>" in second["text"]
    await workspace.react(file_message, "arrow_up")
    await workspace.result(3)

    await workspace.command("/animate it turns its head --duration 2")
    view = await workspace.until(
        lambda: workspace.server.views[-1] if workspace.server.views else None
    )
    prompt = next(b for b in view["blocks"] if b.get("block_id") == "prompt")
    assert prompt["element"]["initial_value"] == "it turns its head"
    await workspace.submit(view, files=[workspace.add_file("cat.png", png())])
    await workspace.result(4)

    message = workspace.say("look", files=[workspace.add_file("dog.png", png())])
    await workspace.shortcut("upscale", message)
    await workspace.result(5)
    return first


async def _make_the_sixth(workspace: Workspace, first: dict[str, Any]) -> None:
    """A button of before the restart; everything that is in the channel is there once."""
    await workspace.press(first, "animate")
    await workspace.result(6)
    keys = Counter(key_of(m) for m in workspace.in_channel() if key_of(m))
    assert set(keys.values()) == {1}
    assert len([m for m in workspace.in_channel() if m.get("files") and m["user"] != "U0ADA"]) == 6
