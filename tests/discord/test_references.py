"""Commands whose files are not attached: results by `ref`, links in the words."""

from collections.abc import Awaitable, Callable

import pytest

from tests.discord.objects import Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("animate", {"prompt": "it runs", "ref": "last", "duration": 2}),
        ("upscale", {"ref": "last"}),
    ],
)
async def test_the_last_result_is_used_without_an_attachment(
    discord: Discord, start_bot: StartBot, command: str, options: Object
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    asked = await discord.command(command, options)
    await discord.until(lambda: asked.callback)
    assert asked.said == ""
    await discord.until(lambda: len(discord.results()) == 2)


async def test_a_video_that_was_made_is_edited_without_an_attachment(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    link = "https://cdn.example.com/cat.png"
    await discord.command("animate", {"prompt": f"it runs {link}", "duration": 2})
    await discord.until(discord.results)
    asked = await discord.command("edit", {"prompt": "at night", "ref": "last"})
    await discord.until(lambda: asked.callback)
    assert asked.said == ""
    await discord.until(lambda: len(discord.results()) == 2)


async def test_a_link_in_the_words_is_used_without_an_attachment(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    prompt = "https://cdn.example.com/cat.png it runs"
    asked = await discord.command("animate", {"prompt": prompt, "duration": 2})
    await discord.until(lambda: asked.callback)
    assert asked.said == ""
    await discord.until(lambda: discord.cards() and "cat.png" in say(discord.cards()[0]))
