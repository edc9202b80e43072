"""Old files go, and the oldest of too many; what is still needed stays."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from bot.archive import Archive
from bot.clock import SystemClock
from bot.commands.invocations import Origin
from bot.config import ArchiveConfig, QuotaConfig
from bot.credits import Allowance
from bot.desk.acceptance import new_job
from bot.jobs import Cause, Member
from bot.ports import Stored
from bot.quotas import Moderation
from bot.requests import GenerationRequest, Input, Kind, Media, Operation
from bot.retention import AT_A_TIME, Keeping, Retention, overdue
from storage.engines.opening import open_database
from storage.quota import SqlQuotas
from storage.rules import Defaults
from storage.storage import SqlStorage

Start = Callable[..., Awaitable[Any]]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _stored(*days_and_sizes: tuple[float, int]) -> list[Stored]:
    return [
        Stored(f"outputs/job/{number}", size, NOW - timedelta(days=days))
        for number, (days, size) in enumerate(days_and_sizes)
    ]


@pytest.mark.parametrize(
    ("keeping", "going"),
    [
        (Keeping(), []),
        (Keeping(age=timedelta(days=30)), [0]),
        (Keeping(most_bytes=250), [0]),
        (Keeping(most_bytes=150), [0, 1]),
        (Keeping(most_bytes=0), [0, 1]),
        (Keeping(age=timedelta(days=5), most_bytes=10**9), [0, 1]),
    ],
)
def test_the_oldest_go_first_and_the_youngest_never(keeping: Keeping, going: list[int]) -> None:
    stored = _stored((40, 100), (10, 100), (0.01, 100))
    expected = [stored[number] for number in going]
    assert overdue(reversed(stored), keeping, NOW) == expected


def _make_old(archive: Path, days: int) -> None:
    then = datetime.now(UTC).timestamp() - days * 86_400
    for path in archive.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


async def test_old_files_go_at_the_next_start_but_not_those_of_an_open_draft(
    start: Start, tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    Image.new("RGB", (320, 180), "red").save(picture)
    bot = await start(quota=QuotaConfig(credits=None, confirm_above=20))
    assert (await bot.type("/imagine a fox"))[0] == 202
    [result] = await bot.results(1)
    assert (await bot.type("/animate --duration 10 x", picture))[0] == 202
    [waiting] = bot.kept("inputs/**/*")
    assert len(bot.kept()) == 3
    await asyncio.to_thread(_make_old, tmp_path / "archive", 31)
    await bot.stop()
    bot = await start(archive=ArchiveConfig(url=str(tmp_path / "archive"), keep_days=30))
    async with asyncio.timeout(30):
        while any(  # noqa: ASYNC110 - a folder tells nobody what happens in it
            key.startswith(f"outputs/{result['job_id']}") for key in bot.kept()
        ):
            await asyncio.sleep(0.05)
    assert bot.kept() == [waiting]


class SlowArchive(Archive):
    """An archive in which a test decides what happens before the first file goes."""

    before_first: Callable[[], Awaitable[object]] | None = None

    async def delete(self, key: str) -> None:
        if (happens := self.before_first) is not None:
            self.before_first = None
            await happens()
        await super().delete(key)


async def test_what_is_asked_for_while_files_go_stays(known_folder: Path) -> None:
    """An old picture is made larger just when it is about to be tidied away."""
    archive = SlowArchive(str(known_folder / "archive"))
    keys = [f"outputs/job{number}/0.png" for number in range(AT_A_TIME + 1)]
    for age, key in enumerate(keys):
        await archive.put(key, b"a picture", content_type="image/png")
        then = datetime.now(UTC).timestamp() - (90 - age) * 86_400
        os.utime(known_folder / "archive" / key, (then, then))
    database = await open_database(f"sqlite:///{known_folder / 'dailies.db'}")
    defaults = Defaults(Allowance(500), 50, ZoneInfo("UTC"), Moderation())
    storage, clock = SqlStorage(database, defaults), SystemClock()
    picture = Input("image", Media(keys[-1], Kind.IMAGE, "image/png", 9, "0" * 64, "0.png"))
    request = GenerationRequest(
        Operation.IMAGE_UPSCALE, "magnific_precision_upscaler_v2", "", 5, inputs=(picture,)
    )
    ada = Origin(Member("playground:local", "ada"), "dailies")
    job = new_job("larger", ada, request, Cause.UPSCALE, "job", clock.now())
    archive.before_first = lambda: storage.accept(job, [], job.created_at)
    keeping = Keeping(age=timedelta(days=30))
    retention = Retention(archive, storage, SqlQuotas(database, defaults), clock, keeping)
    assert await retention.tidy() == AT_A_TIME
    assert [file.key async for file in archive.list()] == [keys[-1]]
    await database.close()
