"""Questions to Discord, with the bot's token; each is asked once."""

from typing import Any

from bot.probes.findings import Surroundings

API = "https://discord.com/api/v10"


class Answered(Exception):
    """Discord answered with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def ask(given: Surroundings, path: str) -> Any:
    """What Discord answers; raises Answered, ValueError, or one of UNREACHED."""
    discord = given.config.discord
    assert discord.token is not None  # noqa: S101 - the probe has looked
    headers = {"Authorization": f"Bot {discord.token.get_secret_value()}"}
    address = f"{discord.api_base or API}{path}"
    async with given.session.get(address, headers=headers, allow_redirects=False) as answer:
        if answer.status != 200:
            raise Answered(answer.status)
        return await answer.json(content_type=None)
