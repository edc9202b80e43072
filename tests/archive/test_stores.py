"""What an archive's URL may be, told before anything is put there."""

import json
from pathlib import Path

import pytest

from bot.app import running
from bot.archive import Archive
from bot.config import ArchiveConfig, Config, RunwayConfig, StorageConfig
from bot.errors import ConfigError

_NAMES = (
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_CONNECTION_STRING",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AWS_ENDPOINT_URL",
)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", ["gs://films", "gs://films/dailies", "s3://films/dailies"])
async def test_a_bucket_by_its_name_is_taken(url: str) -> None:
    archive = Archive(url)
    assert archive.local_path("outputs/job/0.mp4") is None


async def test_a_container_needs_its_accounts_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="AZURE_STORAGE_ACCOUNT_NAME"):
        Archive("az://films/dailies")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "studio")
    assert Archive("az://films/dailies").local_path("outputs/job/0.mp4") is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://films", "ftp:// is no archive"),
        ("https://films.example", "s3://bucket/prefix"),
        ("s3://", "s3:// is followed by a name alone, as in s3://bucket/prefix"),
        ("gs:///films", "gs://bucket/prefix"),
        ("s3://key:secret@films", "come from the environment"),
        ("s3://films?region=eu-west-1", "come from the environment"),
        ("az://films:443/a", "az://container/prefix"),
        ("file://films/a", "three slashes"),
        ("/proc/none/films", "the folder /proc/none/films cannot be made: No such file or dir"),
    ],
)
async def test_what_cannot_be_an_archive_stops_the_start_with_what_would(
    tmp_path: Path, url: str, says: str
) -> None:
    config = Config(
        runway=RunwayConfig(base_url="http://127.0.0.1:9"),
        storage=StorageConfig(url=f"sqlite:///{tmp_path / 'dailies.db'}"),
        archive=ArchiveConfig(url=url),
    )
    with pytest.raises(ConfigError, match=r"^archive\.url: ") as caught:
        async with running(config):
            raise AssertionError("it started")
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_credentials_that_are_not_there_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "key.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(missing))
    config = Config(
        storage=StorageConfig(url=f"sqlite:///{tmp_path / 'dailies.db'}"),
        archive=ArchiveConfig(url="gs://films"),
    )
    with pytest.raises(ConfigError, match=r"^archive\.url: .*key\.json"):
        async with running(config):
            raise AssertionError("it started")
    missing.write_text(json.dumps({"type": "unheard of"}))
    with pytest.raises(ConfigError, match=r"^archive\.url: "):
        async with running(config):
            raise AssertionError("it started")
