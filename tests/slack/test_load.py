"""Many people at once: every request is acknowledged in time, everything is posted once."""

import asyncio
from collections import Counter

from tests.slack.inside import Run
from tests.slack.methods import TEAM
from tests.slack.workspace import Workspace, is_result, key_of

PEOPLE = 8
# Slack's own, over all messages of a workspace (docs.slack.dev/apis/web-api/rate-limits: tier 3).
MOST_EDITS = 50


async def test_many_people_at_once(workspace: Workspace, run: Run) -> None:
    """The server takes no acknowledgement after three seconds; `make bench ROWS=acknowledging` measures."""
    await run()
    server = workspace.server
    people = [f"U{number:04d}" for number in range(PEOPLE)]
    for user in people:
        server.users[user] = {"id": user, "name": user.lower(), "team_id": TEAM}
    await asyncio.gather(*(workspace.command("/imagine a fox", user) for user in people))
    await asyncio.gather(*(workspace.command("/credits", user) for user in people))
    await workspace.result(PEOPLE, within=100)
    assert len(server.acks) == 2 * PEOPLE
    results = Counter(key_of(m) for m in workspace.in_channel() if is_result(m))
    assert len(results) == PEOPLE
    assert set(results.values()) == {1}
    edits = [call.at for call in server.calls if call.method == "chat.update"]
    assert max(sum(at <= other < at + 60 for other in edits) for at in edits) <= MOST_EDITS
