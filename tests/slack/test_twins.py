"""A mention comes as `app_mention` and as `message`, perhaps to two replicas: it is answered once, and always."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.slack.twins import Twins
from bot.replica import Replica
from storage.engines.opening import open_database
from storage.events import SqlEventLog
from storage.replicas import SqlReplicas
from tests.postgres import Server
from tests.slack.clocks import JumpingClock
from tests.slack.inside import Run
from tests.slack.test_ways import mention
from tests.slack.workspace import Json, Workspace, png

# So long a busy machine may stand still, and the end of the test waits.
LEASE_SECONDS = "10"


async def test_what_two_replicas_are_told_of_is_answered_and_fetched_once(
    workspace: Workspace, run: Run, postgres: Server
) -> None:
    url = await postgres.database()
    shared = {"DAILIES_STORAGE__URL": url, "DAILIES_STORAGE__LEASE_SECONDS": LEASE_SECONDS}
    bots = [await run(DAILIES_SLACK__MODE="http", **shared) for _ in range(2)]

    async def to_both(event: Json) -> None:
        for bot, kind in zip(bots, ("app_mention", "message"), strict=True):
            workspace.http = bot.url
            await workspace.event({**event, "type": kind})

    await to_both(mention(workspace, "credits"))
    assert "500" in await workspace.whisper()
    await to_both(mention(workspace, "animate --model no-such"))
    assert "no-such" in await workspace.whisper(2)
    file = workspace.add_file("cat.png", png())
    await to_both(mention(workspace, "animate --duration 2", files=[file]))
    await workspace.result()
    assert len(workspace.server.fetched) == 1
    for bot in bots:
        await bot.stop()
    assert len(workspace.server.ephemeral) == 2
    await postgres.give_back(url)


async def test_what_one_was_told_of_that_died_is_answered_by_the_next(
    workspace: Workspace, run: Run, known_folder: Path
) -> None:
    event = mention(workspace, "credits")
    key = f"slack:T0HOME|event|said|message:{event['channel']}:{event['ts']}"
    with closing(sqlite3.connect(known_folder / "dailies.db", isolation_level=None)) as rows:
        rows.execute("INSERT INTO once (key, at, job) VALUES (?, 1, 'dead')", [key])
    await run()
    await workspace.event({**event, "type": "app_mention"})
    assert "500" in await workspace.whisper()


class Meanwhile(JumpingClock):
    """Something happens while somebody sleeps."""

    happens: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, seconds: float) -> None:
        if self.happens is not None:
            await self.happens()
        await super().sleep(seconds)


@pytest.mark.parametrize(
    ("answers", "goes", "ours"), [(False, False, False), (False, True, True), (True, True, False)]
)
async def test_whoever_is_told_second_answers_only_where_the_first_has_died_before_it_did(
    known_folder: Path, answers: bool, goes: bool, ours: bool
) -> None:
    database = await open_database(f"sqlite:///{known_folder}/dailies.db")
    clock, lease = Meanwhile(), timedelta(hours=1)
    replicas = [Replica(SqlReplicas(database, lease, alone=False), clock, lease) for _ in range(2)]
    for replica in replicas:
        await replica.join()
    first, second = (Twins(SqlEventLog(database), replica, clock) for replica in replicas)
    assert await first.is_ours("slack:T1", "said|message:C1:1.1")
    assert clock.time == 0
    if answers:
        await first.note_answered("slack:T1", "said|message:C1:1.1")
    clock.happens = replicas[0].leave if goes else None
    assert await second.is_ours("slack:T1", "said|message:C1:1.1") is ours
    assert clock.time == lease.total_seconds()
    await database.close()
