"""What is made in one channel is nobody's business in another, where not everybody may look."""

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import command
from bot.jobs import Member
from bot.messages.plain import plain
from bot.views import Notice
from tests.scenario.slowly import ADA, staged

BEN = Origin(Member(ADA.member.workspace, "ben"), "elsewhere")


@pytest.mark.parametrize(
    ("asker", "is_told"),
    [
        (BEN, False),
        (replace(BEN, channel=f"{ADA.channel}/thread"), True),
        (replace(BEN, admin=True), True),
        (replace(ADA, channel="elsewhere"), True),
    ],
)
async def test_the_queue_tells_ids_only_to_whoever_could_see_the_result(
    known_folder: Path, session: aiohttp.ClientSession, asker: Origin, is_told: bool
) -> None:
    """With an id, `--ref` gives the result to anybody in the workspace."""
    queue = command("queue")
    assert queue is not None
    async with staged(known_folder, session) as stage:
        job = await stage.imagine("a fox !stall")
        answer = await stage.service.run(Invocation(asker, queue))
        assert isinstance(answer, Notice)
        assert "@ada" in plain(answer.text)
        assert (job.id in plain(answer.text)) == is_told
