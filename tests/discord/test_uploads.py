"""The delivery ladder: what a channel is offered when Discord takes less than it said."""

import os
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from PIL import Image

from adapters.discord.guilds import Guild
from adapters.discord.uploads import MIB, Uploads, limit_of
from bot.archive import Archive
from bot.errors import ChatError
from bot.media.fitting import MediaFitter
from bot.requests import Kind, Media

LINK = "https://dailies.example/files/outputs/j/0.png"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(str(tmp_path_factory.mktemp("archive")))


@pytest.fixture(scope="module")
def picture(archive: Archive) -> Media:
    """A picture of 26 MiB that fills 9 MiB as a JPEG."""
    key = "outputs/j/0.png"
    path = archive.local_path(key)
    assert path is not None
    path.parent.mkdir(parents=True)
    noise = [Image.effect_noise((3000, 3000), 120) for _ in range(3)]
    Image.merge("RGB", noise).save(path, "PNG", compress_level=0)
    size = path.stat().st_size
    return Media(key, Kind.IMAGE, "image/png", size, "0" * 64, "j.png", 3000, 3000)


@pytest.fixture(scope="module")
def fitter(archive: Archive) -> MediaFitter:
    return MediaFitter(archive, lambda key: f"https://dailies.example/files/{key}")


class Channel:
    """Takes files up to its real limit, and any text."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.offered: list[int] = []
        self.note = ""

    async def take(self, files: list[discord.File], note: str) -> str:
        sizes = [file.fp.seek(0, os.SEEK_END) for file in files]
        for file in files:
            file.close()
        self.offered += sizes
        if any(size > self.limit for size in sizes):
            raise ChatError("Discord answered 413") from _too_large()
        self.note = note
        return "1/2"


def _too_large() -> discord.HTTPException:
    response: Any = SimpleNamespace(status=413, reason="Payload Too Large")
    return discord.HTTPException(response, {"code": 40005, "message": "Request entity too large"})


@pytest.mark.parametrize(
    ("said", "real", "offered", "noted"),
    [
        (50 * MIB, 50 * MIB, 1, ""),
        (10 * MIB, 10 * MIB, 1, "Compressed from 27 MB"),
        (50 * MIB, 10 * MIB, 2, "Compressed from 27 MB"),
        (50 * MIB, 8 * MIB, 3, "Compressed from 27 MB"),
        (50 * MIB, 2 * MIB, 4, "this is a picture of it"),
        (50 * MIB, 0, 4, "too large for this channel. [Original](<https:"),
    ],
    ids=["as-it-is", "fits", "10-MiB", "8-MiB", "poster", "text"],
)
async def test_a_file_goes_down_the_ladder_until_the_channel_takes_it(
    archive: Archive, fitter: MediaFitter, picture: Media, said: int, real: int, offered: int,
    noted: str,
) -> None:  # fmt: skip
    channel = Channel(real)
    assert await Uploads(archive, fitter).send([picture], said, channel.take) == "1/2"
    assert len(channel.offered) == offered
    assert channel.offered == sorted(channel.offered, reverse=True)
    steps = [50 * MIB, 10 * MIB, 8 * MIB, MIB][said == 10 * MIB :]
    assert all(size <= step for size, step in zip(channel.offered, steps, strict=False))
    assert noted in channel.note
    assert (LINK in channel.note) is bool(noted)


async def test_another_failure_is_not_taken_for_a_size(
    archive: Archive, fitter: MediaFitter, picture: Media
) -> None:
    async def fail(files: list[discord.File], _note: str) -> str:
        for file in files:
            file.close()
        raise ChatError("Discord answered 500")

    with pytest.raises(ChatError, match="500"):
        await Uploads(archive, fitter).send([picture], 20 * MIB, fail)


async def test_a_file_that_the_archive_has_lost_is_a_failure_for_good(
    archive: Archive, fitter: MediaFitter, picture: Media
) -> None:
    lost = Media("outputs/lost/0.png", Kind.IMAGE, "image/png", 9, "0" * 64, "0.png", 1, 1)

    async def take(_files: list[discord.File], _note: str) -> str:
        raise AssertionError("there is nothing to send")

    with pytest.raises(ChatError) as raised:
        await Uploads(archive, fitter).send([lost], 20 * MIB, take)
    assert raised.value.permanent


@pytest.mark.parametrize(("tier", "mib"), [(0, 10), (1, 10), (2, 50), (3, 100)])
def test_the_limit_is_the_servers_and_not_below_the_configured_one(tier: int, mib: int) -> None:
    guild = Guild(1, 2, tier, (), None)
    assert limit_of(guild, 10 * MIB) == mib * MIB
    assert limit_of(guild, 60 * MIB) == max(mib, 60) * MIB
    assert limit_of(None, 20 * MIB) == 20 * MIB
