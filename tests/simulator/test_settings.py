"""The command line of the simulator, its settings, and its start and stop."""

import argparse
from pathlib import Path

import pytest

from bot.runway.simulator import SimulatorSettings, add_arguments, serve, settings_from


def parsed(*words: str) -> SimulatorSettings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings_from(parser.parse_args(words))


def test_no_options_are_the_defaults():
    assert parsed() == SimulatorSettings()


def test_every_setting_has_an_option():
    given = parsed(
        *("--state-dir", "here", "--image-seconds", "1", "--video-seconds", "2.5"),
        *("--upscale-seconds", "3", "--queue-seconds", "0", "--jitter", "0.5"),
        *("--concurrency", "9", "--daily-limit", "8", "--balance", "7"),
        *("--output-ttl-seconds", "60", "--offer", "gen4_aleph,upscale_v1"),
        *("--withhold", "aleph2", "--failure-rate", "0.25", "--seed", "4"),
        *("--clip-pixels", "5", "--picture-pixels", "6"),
    )
    assert given == SimulatorSettings(
        state_dir=Path("here"),
        image_seconds=1,
        video_seconds=2.5,
        upscale_seconds=3,
        queue_seconds=0,
        jitter=0.5,
        concurrency=9,
        daily_limit=8,
        balance=7,
        output_ttl_seconds=60,
        offer=frozenset({"gen4_aleph", "upscale_v1"}),
        withhold=frozenset({"aleph2"}),
        failure_rate=0.25,
        seed=4,
        clip_pixels=5,
        picture_pixels=6,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--concurrency", "0"),
        ("--clip-pixels", "0"),
        ("--picture-pixels", "0"),
        ("--jitter", "1"),
        ("--failure-rate", "-0.1"),
        ("--failure-rate", "1.1"),
        ("--video-seconds", "nan"),
        ("--balance", "-5"),
        ("--offer", "gen9"),
    ],
    ids=" ".join,
)
def test_options_out_of_range_are_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        parsed(*words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [{"offer": frozenset({"gen9"})}, {"concurrency": 0}, {"jitter": 1}], ids=str
)
def test_settings_refuse_what_cannot_be(wrong):
    with pytest.raises(ValueError, match=r"."):
        SimulatorSettings(**wrong)


async def test_a_taken_port_is_an_os_error_and_nothing_is_left_open(tmp_path):
    first = await serve(SimulatorSettings(state_dir=tmp_path / "a"))
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await serve(SimulatorSettings(state_dir=tmp_path / "b"), port=port)
    await first.stop()
    await first.stop()
