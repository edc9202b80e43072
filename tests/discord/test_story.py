"""The story of a job, as people see it."""

from collections.abc import Awaitable, Callable

from tests.discord.objects import ADA, BEN, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]


async def test_an_image_becomes_a_card_then_a_video_in_the_channel(
    discord: Discord,
    start_bot: StartBot,
    picture: Callable[..., Object],
    say: Callable[[Object], str],
) -> None:
    await start_bot(discord)
    asked = await discord.command("animate", {"image": picture(), "prompt": "waves @everyone"})
    await discord.until(discord.results)
    assert asked.callback == {"type": 5}
    card, result = discord.cards()[0], discord.results()[0]
    assert card["id"] == (asked.original or {})["id"]
    assert result["attachments"][0]["filename"].endswith(".mp4")
    assert result["message_reference"]["message_id"] == card["id"]
    _, sent = discord.sent[-1]
    assert sent["allowed_mentions"]["parse"] == []
    assert sent["allowed_mentions"]["users"] == [int(ADA)]
    assert "25 credits" in say(result)
    assert "475 left" in say(result)
    assert "@everyone" not in say(card) + say(result)
    await discord.until(lambda: "Done" in say(discord.cards()[0]))


async def test_options_may_stand_in_the_prompt_and_end_with_a_blank_as_phones_leave_it(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    written = {"prompt": "a —ratio 720:720 lighthouse ", "model": "gen4_image "}
    await discord.command("imagine", written)
    await discord.until(discord.results)
    assert "720×720" in say(discord.results()[0])
    assert discord.cards()[0]["embeds"][0]["description"].startswith("a lighthouse\n")


async def test_anyone_retries_and_upscales_by_reaction_at_their_own_cost(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord)
    await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(discord.results)
    await discord.react(discord.results()[0], "🔁", BEN)
    await discord.until(lambda: len(discord.results()) == 2)
    assert f"<@{BEN}>" in say(discord.results()[1])
    await discord.react(discord.results()[1], "⬆️", BEN)
    await discord.until(lambda: len(discord.results()) == 3)
    assert "Upscaled from" in say(discord.results()[2])
    credits = await discord.command("credits", who=BEN)
    await discord.until(lambda: "credits left" in credits.said)
    assert "467 of 500" in credits.said.replace("*", "")
