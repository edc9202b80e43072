"""The whole story, with the real process: over Socket Mode and over signed HTTP."""

from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.slack.processes import Bot, Simulator
from tests.slack.workspace import BEN, ROOM, Workspace, buttons, key_of, png, shown


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_from_a_command_to_a_file_and_on_from_there(
    workspace: Workspace,
    run: Callable[..., Awaitable[Bot]],
    simulator: Simulator,
    session: aiohttp.ClientSession,
    mode: str,
) -> None:
    bot = await run(DAILIES_SLACK__MODE=mode)
    workspace.http = bot.url if mode == "http" else None

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

    await workspace.command("/animate it turns its head")
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

    await bot.kill()
    bot = await run(DAILIES_SLACK__MODE=mode)
    workspace.http = bot.url if mode == "http" else None
    await workspace.press(first, "animate")
    await workspace.result(6)
    keys = Counter(key_of(m) for m in workspace.in_channel() if key_of(m))
    assert set(keys.values()) == {1}
    assert len([m for m in workspace.in_channel() if m.get("files") and m["user"] != "U0ADA"]) == 6
    books = await simulator.books(session)
    assert len(books["tasks"]) == 6
    assert ROOM in workspace.server.messages
