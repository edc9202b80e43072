"""Settings: where they come from, and how every slip is told at once."""

import copy
import os
import pickle
import traceback
from pathlib import Path

import pytest

from bot.addresses import is_loopback
from bot.config import load_config
from bot.credits import Period
from bot.errors import ConfigError

KEY = "key_" + "5e" * 64


@pytest.fixture(autouse=True)
def write(tmp_path, monkeypatch):
    """An empty folder and environment; gives the maker of a config.toml in it."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("DAILIES_", "RUNWAYML_")):
            monkeypatch.delenv(name)

    def config_file(text: str, name: str = "config.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return config_file


def refused() -> str:
    with pytest.raises(ConfigError) as error:
        load_config()
    return str(error.value)


def test_the_defaults_are_those_of_the_contract():
    config = load_config()
    assert config.runway.base_url == "https://api.dev.runwayml.com"
    assert config.runway.poll_seconds == 5.0
    assert config.runway.api_secret is None
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8080)
    assert (config.quota.credits, config.quota.period) == (500, Period.MONTH)
    assert (config.quota.time_zone, config.quota.jobs_in_flight) == ("UTC", 3)
    assert config.storage.url == "sqlite:///data/dailies.db"
    assert [person.admin for person in config.playground.members] == [True, False, False]


def test_the_file_sets_and_the_environment_wins(write, monkeypatch):
    write("[web]\nport = 9000\nhost = '::1'\n[quota]\ncredits = 50\nperiod = 'week'\n")
    monkeypatch.setenv("DAILIES_WEB__PORT", "9001")
    config = load_config()
    assert (config.web.port, config.web.host) == (9001, "::1")
    assert (config.quota.credits, config.quota.period) == (50, Period.WEEK)


def test_no_limit_and_no_question_have_words(write, monkeypatch):
    write("[quota]\ncredits = 'unlimited'\n")
    monkeypatch.setenv("DAILIES_QUOTA__CONFIRM_ABOVE", "Never")
    quota = load_config().quota
    assert (quota.credits, quota.confirm_above) == (None, None)
    assert quota.model_dump(mode="json")["credits"] == "unlimited"
    monkeypatch.setenv("DAILIES_QUOTA__CONFIRM_ABOVE", "newer")
    with pytest.raises(ConfigError, match="must be a whole number, or never"):
        load_config()


def test_another_file_can_be_named(write, monkeypatch):
    monkeypatch.setenv("DAILIES_CONFIG", str(write("[web]\nport = 9002\n", "other.toml")))
    assert load_config().web.port == 9002


def test_a_named_file_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("DAILIES_CONFIG", "nowhere.toml")
    assert "nowhere.toml" in refused()


def test_a_file_that_is_no_toml_is_told(write):
    write("[web\nport=1")
    assert "config.toml cannot be read" in refused()


def test_every_slip_is_named_in_one_go(write, monkeypatch):
    write(
        "[web]\nport = 'many'\nprot = 1\n[quota]\ncredits = 0\ntime_zone = 'Mars/Base'\n"
        "period = 'year'\n[nonsense]\nx = 1\n[log]\nlevel = 'loud'\n"
    )
    monkeypatch.setenv("DAILIES_RUNWAY__POLL_SECONDS", "-1")
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", "http://api.example.com")
    text = refused()
    for key in (
        "web.port", "quota.credits", "quota.time_zone", "quota.period", "log.level",
        "runway.poll_seconds", "runway.base_url",
    ):  # fmt: skip
        assert f"\n  {key}: " in text
    assert "  web.prot: there is no such setting" in text
    assert "  nonsense: there is no such setting" in text
    assert "https://" in text
    assert "pydantic" not in text


def test_an_unknown_key_of_a_section_in_the_environment_is_told(monkeypatch):
    monkeypatch.setenv("DAILIES_WEB__PROT", "1")
    assert "web.prot: there is no such setting" in refused()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAILIES_WEB__PORT", "65536"), ("DAILIES_WEB__PORT", "-1"), ("DAILIES_WEB__PORT", "1.5"),
        ("DAILIES_QUOTA__JOBS_IN_FLIGHT", "0"), ("DAILIES_QUOTA__CREDITS", "-5"),
        ("DAILIES_QUOTA__CREDITS", "1000000001"), ("DAILIES_RUNWAY__POLL_SECONDS", "nan"),
        ("DAILIES_RUNWAY__POLL_SECONDS", "0"), ("DAILIES_RUNWAY__POLL_SECONDS", "61"),
        ("DAILIES_RUNWAY__BASE_URL", "ftp://example.com"),
        ("DAILIES_RUNWAY__BASE_URL", "http://127.0.0.1.example.com"),
        ("DAILIES_RUNWAY__BASE_URL", "http://127.0.0.1@example.com"),
        ("DAILIES_RUNWAY__BASE_URL", "https://"), ("DAILIES_RUNWAY__BASE_URL", "https://[bad"),
        ("DAILIES_QUOTA__TIME_ZONE", "../../etc/passwd"), ("DAILIES_QUOTA__TIME_ZONE", ""),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_told_by_its_key(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert name.removeprefix("DAILIES_").lower().replace("__", ".") in refused()


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:8090", "http://localhost:8090/", "http://[::1]:1"]
)
def test_a_stand_in_on_this_machine_may_speak_plain_http(monkeypatch, value):
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", value)
    assert load_config().runway.base_url == value.rstrip("/")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1", True), ("http://127.9.9.9:1", True), ("http://localhost", True),
        ("http://[::1]:80", True), ("http://0.0.0.0", False), ("http://10.0.0.1", False),
        ("http://localhost.example.com", False), ("http://127.0.0.1.example.com", False),
        ("http://example.com/127.0.0.1", False), ("http://", False), ("", False),
        ("http://[::ffff:10.0.0.1]", False),
    ],
)  # fmt: skip
def test_what_is_on_this_machine(url, loopback):
    assert is_loopback(url) is loopback


def test_runway_itself_is_never_asked_faster_than_it_allows(monkeypatch):
    monkeypatch.setenv("DAILIES_RUNWAY__POLL_SECONDS", "0.1")
    assert "runway.poll_seconds" in refused()
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", "http://127.0.0.1:8090")
    assert load_config().runway.poll_seconds == 0.1


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    assert load_config().runway.api_secret.get_secret_value() == KEY


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  \n"])
def test_the_key_comes_from_a_file(write, monkeypatch, end):
    monkeypatch.setenv("RUNWAYML_API_SECRET_FILE", str(write(KEY + end, "secret")))
    assert load_config().runway.api_secret.get_secret_value() == KEY


def test_the_environment_wins_over_the_file_and_white_space_is_no_key(write, monkeypatch):
    monkeypatch.setenv("RUNWAYML_API_SECRET_FILE", str(write("other", "secret")))
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY + "\n")
    assert load_config().runway.api_secret.get_secret_value() == KEY
    monkeypatch.setenv("RUNWAYML_API_SECRET", " ")
    monkeypatch.delenv("RUNWAYML_API_SECRET_FILE")
    assert load_config().runway.api_secret is None


def test_a_secrets_file_that_cannot_be_read_is_told(write, monkeypatch, tmp_path):
    monkeypatch.setenv("RUNWAYML_API_SECRET_FILE", str(tmp_path / "gone"))
    assert "RUNWAYML_API_SECRET_FILE" in refused()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00key")
    monkeypatch.setenv("RUNWAYML_API_SECRET_FILE", str(tmp_path / "binary"))
    assert "RUNWAYML_API_SECRET_FILE" in refused()


def test_a_key_that_was_copied_with_a_gap_is_told(monkeypatch):
    monkeypatch.setenv("RUNWAYML_API_SECRET", f"{KEY[:9]} {KEY[9:]}")
    assert "letters that no key has" in refused()


def test_slacks_tokens_in_each_others_place_are_told(monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xapp-hush")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xoxb-hush")
    said = refused()
    assert "slack.bot_token: a token that begins with xapp- is for slack.app_token." in said
    assert "slack.app_token: a token that begins with xoxb- is for slack.bot_token." in said
    assert "hush" not in said


@pytest.mark.parametrize("source", ["RUNWAYML_API_SECRET", "DAILIES_RUNWAY__API_SECRET"])
def test_no_way_of_printing_the_configuration_shows_the_key(monkeypatch, source):
    monkeypatch.setenv(source, KEY)
    config = load_config()
    assert config.runway.api_secret.get_secret_value() == KEY
    shown = [repr(config), str(config), f"{config.runway}", repr(config.runway.api_secret)]
    shown += [config.model_dump_json(), str(config.model_dump()), repr(copy.deepcopy(config))]
    assert all(KEY not in text for text in shown)
    assert KEY in pickle.dumps(config).decode("latin-1")  # it is in there, and only hidden


def test_a_slip_beside_the_key_does_not_show_it(write, monkeypatch):
    write(f"[runway]\napi_secret = '{KEY}'\nsecret = '{KEY}'\n[web]\nport = 'x'\n")
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    with pytest.raises(ConfigError) as error:
        load_config()
    assert KEY not in "".join(traceback.format_exception(error.value))


def test_settings_do_not_change_after_they_were_read():
    config = load_config()
    with pytest.raises(ValueError, match="frozen"):
        config.web.port = 1


def test_models_are_handed_on_to_the_catalog(write):
    write("[models.gen4_image]\nenabled = false\n")
    assert load_config().models == {"gen4_image": {"enabled": False}}
