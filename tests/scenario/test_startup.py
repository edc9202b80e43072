"""What the operator got wrong is one clear text and exit code 2; the key is never told."""

import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from pydantic import SecretStr

from bot.app import running
from bot.catalog import load_catalog
from bot.config import ArchiveConfig, Config, RunwayConfig, StorageConfig, load_config
from bot.errors import ConfigError
from bot.runway.client import RunwayClient
from tests.scenario.page import Page
from tests.scenario.processes import KEY, Bot
from tests.scenario.stage import Stage, config_for, simulator_on
from tests.scenario.theatre import Theatre

StartBot = Callable[..., Awaitable[Bot]]
NOWHERE = "http://127.0.0.1:9"


async def _fails(bot: Bot) -> str:
    """What a bot says that must not start: a text, and nothing of Python's."""
    assert await bot.exited() == 2, bot.output
    assert "Traceback" not in bot.output
    return bot.output


async def test_a_second_process_on_the_same_database_is_refused(
    theatre: Theatre, start_bot: StartBot
) -> None:
    page = await theatre.open()
    second = await start_bot(theatre.simulator_url, wait=False)
    assert "Another Dailies is running on" in await _fails(second)
    assert (await page.finish("/imagine a fox")).state == "delivered"  # the first did not mind


async def test_a_taken_port_is_told_and_takes_up_no_job(
    start_bot: StartBot, stage: Stage, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        bot = await start_bot(
            stage.simulator.url, folder=tmp_path / "b", wait=False, DAILIES_WEB__PORT=port
        )
        assert f"Port {port} is taken by another program" in await _fails(bot)


async def test_all_that_is_wrong_is_said_at_once(start_bot: StartBot) -> None:
    bot = await start_bot(
        "ftp://example.com",
        wait=False,
        DAILIES_WEB__PORT="99999",
        DAILIES_QUOTA__TIME_ZONE="Mars/Olympus",
        DAILIES_RUNWAY__POLL_SECONDS="soon",
        DAILIES_LOG__COLOUR="red",
    )
    said = await _fails(bot)
    for key in ("runway.base_url", "web.port", "quota.time_zone", "runway.poll_seconds"):
        assert f"{key}: " in said
    assert "log.colour: there is no such setting" in said
    assert KEY not in said


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"runway": RunwayConfig(base_url=NOWHERE)}, "There is no Runway key. Set RUNWAYML_API"),
        ({"storage": StorageConfig(url="dailies")}, "storage.url"),
        ({"storage": StorageConfig(url="postgresql+nothing://h/d")}, "storage.url"),
        ({"storage": StorageConfig(url="sqlite:////proc/none/dailies.db")}, "storage.url"),
        ({"archive": ArchiveConfig(url="gopher://x/y")}, "archive.url"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_work_is_told(tmp_path: Path, section: dict[str, Any], says: str) -> None:
    config = config_for(tmp_path, NOWHERE).model_copy(update=section)
    with pytest.raises(ConfigError, match=re.escape(says)):
        async with running(config):
            raise AssertionError("it started")


async def test_the_key_comes_from_a_file_and_is_never_told(
    theatre: Theatre, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(KEY + "\n")
    await theatre.open_runway()
    page = await theatre.start_bot(
        RUNWAYML_API_SECRET="",
        RUNWAYML_API_SECRET_FILE=str(secret),
        DAILIES_LOG__LEVEL="debug",
    )
    words = ("", "!403", "!reset", "!garbage", "!internal")
    shown = [await page.finish(f"/imagine a fox {word}") for word in words]
    assert shown[0].state == "delivered"
    told = [message["text"] for each in shown for message in (*each.cards, *each.ends)]
    await theatre.bot.end()
    everything = theatre.bot.output + "".join(told)
    assert '"event": "submitted"' in everything
    assert '"state": "delivered", "charged": 8, "event": "over"' in everything
    assert KEY not in everything
    assert KEY.removeprefix("key_")[:32] not in everything


async def test_a_key_that_runway_does_not_take_is_told_to_people_but_not_shown(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    wrong = "key_not-of-the-documented-form"
    with structlog.testing.capture_logs() as logged:
        async with simulator_on(tmp_path) as simulator:
            config = config_for(tmp_path, simulator.url)
            runway = config.runway.model_copy(update={"api_secret": SecretStr(wrong)})
            async with running(config.model_copy(update={"runway": runway})) as url:
                page = Page(url, session)
                shown = await page.finish("/imagine a fox")
                assert await page.credits_left() == 2000
    assert shown.state == "failed"
    assert "Runway did not accept the bot's key. Ask an admin" in shown.end["text"]
    assert "401" in str(logged)
    (told,) = {e["event"]: e for e in logged if e["log_level"] == "error"}.values()
    assert told["event"] == "Runway does not accept the key"
    assert "set RUNWAYML_API_SECRET" in told["mend"]
    assert wrong not in str(logged)


@pytest.mark.parametrize("broken", [KEY + "\n", "kéy_" + "0" * 128, f"{KEY}\r\nX-Evil: 1"])
def test_a_key_that_cannot_travel_is_mended_or_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """A newline at the end is what many ways of setting a variable from a file give."""
    monkeypatch.setenv("RUNWAYML_API_SECRET", broken)
    key, refusal = _read_key()
    assert key.isascii()
    assert key.isprintable()
    assert broken.strip() not in refusal


def _read_key() -> tuple[str, str]:
    """The key that the configuration holds, and what is said when it holds none."""
    try:
        secret = load_config().runway.api_secret
    except ConfigError as error:
        return "", str(error)
    return (secret.get_secret_value() if secret else ""), ""


def test_the_key_is_in_no_repr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    config = load_config()
    assert config.runway.api_secret == SecretStr(KEY)
    objects: list[object] = [
        config,
        config.runway,
        config_for(tmp_path, NOWHERE),
        RunwayClient(NOWHERE, KEY, load_catalog(), None, 5.0),  # type: ignore[arg-type]  # unused
        RunwayConfig(api_secret=SecretStr(KEY)),
    ]
    for each in objects:
        assert KEY not in f"{each!r} {each}"
    assert KEY not in Config.model_validate(config).model_dump_json()
