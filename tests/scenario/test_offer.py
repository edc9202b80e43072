"""A model that the organisation withholds disappears, and comes back when it is offered again."""

from pathlib import Path

import aiohttp

from tests.scenario.page import Page
from tests.scenario.stage import bot_on, simulator_on


async def _models(page: Page, command: str) -> list[str]:
    """The models that a command offers; none when there is no such command."""
    async with page.session.get(f"{page.url}/api/commands") as response:
        commands = await response.json()
    found = [c for c in commands if c["name"] == command]
    options = [o for c in found for o in c["options"] if o["name"] == "model"]
    return [choice["value"] for option in options for choice in option["choices"]]


async def test_what_is_withheld_is_hidden_and_refused_until_it_is_offered_again(
    tmp_path: Path, session: aiohttp.ClientSession, errors_logged: list[str]
) -> None:
    withheld = frozenset({"gen4_image", "aleph2"})
    async with simulator_on(tmp_path, withhold=withheld) as simulator:
        async with bot_on(tmp_path, simulator, session) as stage:
            page = stage.page
            assert "gen4_image" not in await _models(page, "imagine")
            assert await _models(page, "edit") == []
            status, answer = await page.command("/imagine a fox --model gen4_image")
            assert status == 400
            assert "Gen-4 Image is not offered by your Runway organisation" in answer["error"]
            status, answer = await page.command("/edit snow")
            assert status == 400
            assert "offers no model for /edit" in answer["error"]
            # The next best model takes over as the command's default.
            other = await page.finish("/imagine a fox")
            assert "Gemini 2.5 Flash Image" in other.cards[0]["text"]
            await stage.offer(offer=["gen4_aleph"])
        async with bot_on(tmp_path, simulator, session) as stage:
            assert (await _models(stage.page, "imagine"))[0] == "gen4_image"
            assert await _models(stage.page, "edit") == ["aleph2", "gen4_aleph"]
            back = await stage.page.finish("/imagine a fox --model gen4_image")
            assert back.state == "delivered"
    assert errors_logged == []


async def test_a_job_whose_model_is_withheld_meanwhile_fails_free_and_is_told(
    tmp_path: Path, session: aiohttp.ClientSession, errors_logged: list[str]
) -> None:
    async with simulator_on(tmp_path) as simulator, bot_on(tmp_path, simulator, session) as stage:
        await stage.offer(withhold=["gen4_image"])
        shown = await stage.page.finish("/imagine a fox --model gen4_image")
        assert shown.state == "failed"
        assert "may not use this model. Choose another one. It cost nothing." in shown.end["text"]
        assert await stage.page.credits_left() == 2000
        assert await stage.violations() == []
    assert errors_logged == []
