"""The files that a job is sent with: gone for good, or out of reach for a while."""

import io
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from bot.archive import Archive
from bot.clock import SystemClock
from bot.desk.acceptance import new_job
from bot.jobs import WAIT_BUSY, Cause, Job, State
from bot.requests import GenerationRequest, Input, Kind, Media, Operation
from bot.runway.client import MOST_DATA_URI_BYTES
from tests.scenario.evidence import read_books
from tests.scenario.slowly import ADA, Stage, staged

PHOTO = Media("inputs/1.png", Kind.IMAGE, "image/png", MOST_DATA_URI_BYTES, "1", "fox.png")


@pytest.fixture
async def stage(known_folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    async with staged(known_folder, session) as one:
        yield one


async def _accepted(stage: Stage) -> Job:
    """A job that needs the photo."""
    given = (Input("image", PHOTO),)
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "a fox", 25, given, "1280:720", 5, seed=7
    )
    job = new_job("job1", ADA, request, Cause.COMMAND, None, SystemClock().now())
    job = await stage.storage.accept(job, [], job.created_at)
    stage.worker.wake()
    return job


async def test_a_file_that_was_tidied_away_is_told_as_what_it_is(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    job = await _accepted(stage)
    ended = await stage.until(job.id, lambda job: job.told)
    assert (ended.state, ended.failure, ended.charged) == (State.FAILED, "FILE_GONE", 0)
    assert (await read_books(session, stage.runway)).creates == []


async def test_a_disk_that_takes_no_file_loses_no_job(
    stage: Stage, known_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is large is put on the disk before it is uploaded; for a while nothing can be put there."""
    archive = Archive(str(known_folder / "archive"))
    await archive.put(PHOTO.key, _noise(), content_type=PHOTO.content_type)
    (known_folder / "no-folder").touch()
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(known_folder / "no-folder"))
        job = await _accepted(stage)
        waiting = await stage.until(job.id, lambda job: job.failure is not None)
        assert (waiting.state, waiting.failure) == (State.QUEUED, WAIT_BUSY)
    await stage.pass_the_wait(job.id)
    ended = await stage.until(job.id, lambda job: job.told)
    assert ended.state is State.DELIVERED


def _noise() -> bytes:
    """A picture that is too large to be sent with the request itself."""
    wide, high = 1600, 900
    written = io.BytesIO()
    Image.frombytes("RGB", (wide, high), os.urandom(wide * high * 3)).save(written, "PNG")
    return written.getvalue()
