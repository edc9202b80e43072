"""What is said when Discord does not take an answer: never that nothing was done."""

from collections.abc import Awaitable, Callable

from tests.discord.objects import BEN, Object
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
ORIGINAL = r"/messages/@original$"
FOLLOW_UP = r"/webhooks/\d+/[^/]+$"


async def left_of(discord: Discord, who: str) -> str:
    asked = await discord.command("credits", who=who)
    await discord.until(lambda: asked.said)
    return asked.said


async def test_an_answer_that_does_not_arrive_is_given_again(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    broken = discord.fault("PATCH", ORIGINAL, cut=True)
    asked = await discord.command("quota", {"who": BEN, "credits": "100"}, sub="grant")
    await discord.until(lambda: asked.said)
    assert broken.hits == 1
    assert "100 credits" in asked.said
    assert "600" in await left_of(discord, BEN)


async def test_a_grant_whose_answer_is_lost_is_not_called_a_failure(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord)
    discord.fault("PATCH", ORIGINAL, cut=True, times=3)
    asked = await discord.command("quota", {"who": BEN, "credits": "100"}, sub="grant")
    await discord.until(lambda: asked.said)
    assert "That is done, but my answer to it was lost" in asked.said
    assert "again" not in asked.said.partition("before you")[0]
    assert "600" in await left_of(discord, BEN)


async def test_a_dear_job_whose_start_cannot_be_told_is_not_called_a_failure(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, confirm_above=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    question = (await discord.until(lambda: asked.followups))[0]
    discord.fault("PATCH", ORIGINAL, cut=True, times=3)
    pressed = await discord.click(question, "confirm")
    (said,) = await discord.until(lambda: pressed.followups)
    assert "That is done" in said["content"]
    assert len(await discord.until(discord.results)) == 1


async def test_a_placeholder_that_does_not_go_at_once_shows_nobody_a_refusal(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3)
    kept = discord.fault("DELETE", ORIGINAL, cut=True, times=2)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: "Not enough credits" in asked.said)
    assert kept.hits == 2
    assert asked.deleted
    assert discord.in_channel() == []


async def test_a_placeholder_that_is_gone_without_a_word_is_not_missed(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3)
    discord.fault("DELETE", ORIGINAL, reset=True)
    edited = discord.fault("PATCH", ORIGINAL, status=400)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: "Not enough credits" in asked.said)
    assert asked.deleted
    assert edited.hits == 0


async def test_a_placeholder_that_does_not_go_at_all_says_nothing_of_a_refusal(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, credits=3)
    discord.fault("DELETE", ORIGINAL, status=400, times=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: "Not enough credits" in asked.said)
    assert [say(message) for message in discord.in_channel()] == [
        "The answer is in another message."
    ]


async def test_nothing_is_said_while_a_placeholder_would_show_it(
    discord: Discord, start_bot: StartBot
) -> None:
    await start_bot(discord, credits=3)
    discord.fault("DELETE", ORIGINAL, status=400, times=3)
    discord.fault("PATCH", ORIGINAL, status=400, times=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    await discord.until(lambda: asked.said)
    assert len(asked.followups) == 1
    assert asked.deleted
    assert discord.in_channel() == []


async def test_a_question_that_is_lost_has_begun_nothing(
    discord: Discord, start_bot: StartBot, say: Callable[[Object], str]
) -> None:
    await start_bot(discord, confirm_above=3)
    discord.fault("POST", FOLLOW_UP, cut=True, times=3)
    asked = await discord.command("imagine", {"prompt": "a lighthouse"})
    (said,) = await discord.until(lambda: asked.followups)
    assert "nothing has begun. Ask again." in say(said)
    assert discord.in_channel() == []
