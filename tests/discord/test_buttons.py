"""Buttons, menus, forms and completions."""

from collections.abc import Awaitable, Callable

import pytest

from adapters.discord.reading import read_target
from bot.media.containers import CONTAINERS
from bot.media.sniff import FileType
from bot.requests import Kind
from tests.discord.objects import ADA, ATTACH, BEN, CHANNEL, USUAL, Object, message
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def test_a_button_retries_at_the_cost_of_who_presses_it(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    labels = [b["label"] for row in result["components"] for b in row["components"]]
    assert labels == ["🔁 Retry · 8 cr", "✏️ Remix", "⬆️ Upscale · 25 cr", "🎬 Animate · 25 cr"]
    pressed = await discord.click(result, "retry", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    assert pressed.callback == {"type": 6}
    assert pressed.followups == []
    assert f"<@{BEN}>" in say(discord.results()[1])


async def test_nothing_is_made_of_a_result_where_it_could_not_be_posted(
    discord: Discord, start_bot: StartBot, picture: Callable[..., Object]
) -> None:
    await start_bot(discord)
    await discord.command("animate", {"image": picture(), "prompt": "waves", "duration": 2})
    result = (await discord.until(discord.results))[0]
    buttons = [b["custom_id"] for row in result["components"] for b in row["components"]]
    actions = [custom_id.split(":")[1] for custom_id in buttons]
    assert actions == ["retry", "remix", "upscale", "extend"]
    discord.own_permissions = USUAL & ~ATTACH
    for action in ("retry", "upscale", "extend"):
        pressed = await discord.click(result, action, BEN)
        await discord.until(lambda asked=pressed: "I lack **Attach Files**" in asked.said)


async def test_a_button_of_nobody_knows_what_is_answered(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    result = (await discord.until(discord.results))[0]
    unknown = await discord.press(result, "dailies:explode:0000000000")
    await discord.until(lambda: "nothing like that" in unknown.said)
    foreign = await discord.press(result, "dailies:retry:0000000000")
    await discord.until(lambda: "There is no job" in foreign.said)


async def test_a_card_is_cancelled_by_its_button_and_not_by_strangers(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, {"image_seconds": 600})
    await discord.command("imagine", {"prompt": "a lighthouse"})
    card = (await discord.until(discord.cards))[0]
    stranger = await discord.click(card, "cancel", BEN)
    await discord.until(lambda: "Only its owner" in stranger.said)
    await discord.react(card, "❌", ADA)
    await discord.until(lambda: "ancel" in say(card).partition("Status")[2])
    await discord.until(lambda: "Cancelled" in say(card))


async def test_a_remix_begins_with_the_prompt_and_keeps_the_rest(
    discord: Discord,
    start_bot: StartBot,
    picture: Callable[..., Object],
    say: Callable[[Object], str],
) -> None:
    await start_bot(discord)
    await discord.command("animate", {"image": picture(), "prompt": "waves", "duration": 2})
    result = (await discord.until(discord.results))[0]
    asked = await discord.click(result, "remix")
    form = (await discord.until(lambda: asked.callback))["data"]
    assert form["components"][0]["component"]["value"] == "waves"
    sent = await discord.submit(form, {"prompt": "a storm"}, [])
    await discord.until(lambda: len(discord.results()) == 2)
    assert sent.callback == {"type": 5}
    assert "a storm" in say(discord.results()[1])
    assert "2 s" in say(discord.results()[1])
    assert "Remix of" in say(discord.cards()[1])
    again = await discord.submit(form, {"prompt": "snow"}, [picture((300, 300), "snow.png")])
    await discord.until(lambda: len(discord.results()) == 3)
    assert again.followups == []


async def test_a_prompt_is_remixed_whole_or_not_at_all(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    for number, prompt in enumerate(["x" * 4000, "🦊" * 2001]):
        await discord.command("imagine", {"prompt": prompt, "model": "gemini_2.5_flash"})
        await discord.until(lambda made=number + 1: len(discord.results()) == made)
    fits, too_long = discord.results()
    asked = await discord.click(fits, "remix")
    form = (await discord.until(lambda: asked.callback))["data"]
    assert form["components"][0]["component"]["value"] == "x" * 4000
    refused = await discord.click(too_long, "remix")
    await discord.until(lambda: "4000" in refused.said and "`/imagine`" in refused.said)


async def test_the_menu_finds_what_the_command_can_use(
    discord: Discord, start_bot: StartBot, picture: Callable[..., Object]
) -> None:
    await start_bot(discord)
    video = discord.attach("waves.mp4", b"0" * 64, "video/mp4")
    note = discord.attach("note.txt", b"words", "text/plain")
    both = message(discord.users[BEN], CHANNEL, {"content": "look"}, [note, video, picture()])
    await discord.menu("Animate", both)
    await discord.until(discord.results)
    only_video = message(discord.users[BEN], CHANNEL, {"content": "look"}, [video])
    refused = await discord.menu("Use as reference", only_video)
    await discord.until(lambda: refused.callback)
    assert "needs an image" in refused.said
    words = message(discord.users[BEN], CHANNEL, {"content": "no picture"}, [note])
    refused = await discord.menu("Upscale", words)
    await discord.until(lambda: "no image and no video" in refused.said)


def test_the_files_of_a_message_are_found_also_where_it_was_forwarded() -> None:
    file = {"id": "1", "filename": "a.png", "url": "https://cdn.discordapp.com/a.png"}
    bare = {"attachments": [file, {**file, "filename": "b.txt"}, {"id": "2"}], "new": [1]}
    snapshots = {"attachments": [], "message_snapshots": [{"message": bare}, {}]}
    for message_ in (bare, snapshots):
        data = {"target_id": "7", "resolved": {"messages": {"7": message_}}}
        assert [(each.name, each.kind, each.size) for each in read_target(data)] == [
            ("a.png", Kind.IMAGE, 0)
        ]
    assert read_target({"target_id": "7"}) == []


@pytest.mark.parametrize("file_type", CONTAINERS, ids=lambda each: each.name)
def test_a_file_that_discord_says_nothing_of_is_known_by_its_name(file_type: FileType) -> None:
    files = [{"filename": f"A.{ending.upper()}"} for ending in file_type.extensions]
    data = {"target_id": "7", "resolved": {"messages": {"7": {"attachments": files}}}}
    kinds = [each.kind for each in read_target(data)]
    assert kinds == [Kind(file_type.kind)] * len(files)


async def test_the_menu_takes_a_picture_as_a_reference(
    discord: Discord, start_bot: StartBot, picture: Callable[..., Object]
) -> None:
    await start_bot(discord)
    posted = message(discord.users[BEN], CHANNEL, {"content": "look"}, [picture()])
    asked = await discord.menu("Use as reference", posted)
    form = (await discord.until(lambda: asked.callback))["data"]
    await discord.submit(form, {"prompt": "in the style of @image1"}, [])
    await discord.until(discord.results)
    late = await discord.submit(form, {"prompt": "once more"}, [])
    await discord.until(lambda: "open for too long" in late.said)


async def test_models_ratios_and_durations_are_completed_for_the_chosen_model(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    models = await discord.complete("animate", {"model": "veo"}, "model")
    assert {choice["value"] for choice in models} == {"veo3.1", "veo3.1_fast"}
    chosen = {"model": "veo3.1", "duration": ""}
    durations = await discord.complete("animate", chosen, "duration")
    assert [choice["value"] for choice in durations] == [4, 6, 8]
    ratios = await discord.complete("animate", {"model": "veo3.1", "ratio": "16"}, "ratio")
    assert ratios[0]["value"] == "16:9"
    assert await discord.complete("animate", {"model": "veo3.1", "ratio": "5:9"}, "ratio") == []
