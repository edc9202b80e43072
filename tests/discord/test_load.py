"""Many people at once: everybody is acknowledged in time."""

from collections.abc import Awaitable, Callable

from tests.discord.objects import ADA, BEN
from tests.discord.server import Discord

StartBot = Callable[..., Awaitable[None]]
MANY = 60


async def test_a_crowd_is_acknowledged_within_discords_three_seconds(
    discord: Discord, start_bot: StartBot, record_property: Callable[[str, object], None]
) -> None:
    await start_bot(discord, jobs_in_flight=1000, credits=None)
    asked = [
        await discord.command("imagine", {"prompt": f"lighthouse {number}"}, who=who)
        if number % 2
        else await discord.command("credits", who=who)
        for number, who in zip(range(MANY), [ADA, BEN] * MANY, strict=False)
    ]
    # The small Discord takes no first response after 3 s, as the real one.
    await discord.until(lambda: all(one.callback for one in asked))
    took = sorted(one.took for one in asked)
    record_property("p99_acknowledgement_ms", round(took[int(len(took) * 0.99) - 1] * 1000))
    await discord.until(lambda: len(discord.cards()) == MANY // 2)
    answers = [one for one in asked if not one.is_public]
    await discord.until(lambda: all("credits" in one.said for one in answers))
    assert all(one.followups == [] for one in asked)
