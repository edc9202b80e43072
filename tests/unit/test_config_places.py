"""All that is wrong with a configuration is said at once, each with where it was written."""

import pytest

from bot.config import load_config
from bot.errors import ConfigError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "RUNWAYML_API_SECRET", "DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET", "DAILIES_CONFIG",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path):
    return lambda text: (tmp_path / "config.toml").write_text(text, encoding="utf-8")


def refused(**how):
    with pytest.raises(ConfigError) as error:
        load_config(**how)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("[web]\nport = 'x'\n", "web.port", 2),
        ("\n\n[web]\n# a comment\nport = 'x'\n", "web.port", 5),
        ("web.port = 'x'\n", "web.port", 1),
        ("web = { host = 'h',  port = 'x' }\n", "web.port", 1),
        ("[web]\n\n# none\nprot = 1\n", "web.prot", 4),
        ("[log]\nlevel = 'info'\n[wbe]\nport = 1\n", "wbe", 3),
        ("[slack]\nadmins = [\n  'U1',\n  'nobody',\n]\n", "slack.admins.1", 2),
        ("[[playground.members]]\nid = 'a'\nname = 'A'\n[[playground.members]]\nid = 'B!'\n"
         "name = 'B'\n", "playground.members.1.id", 5),
        ('[moderation]\nwords = ["""\n[web]\nport = 1\n"""]\nstrikes = 0\n', "moderation.strikes", 6),
        ("[quota]\n'credits' = 0\n", "quota.credits", 2),
        ("[models.gen4_image]\nprices = 3\n", "models", 1),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_line(write, text, key, line):
    write(text)
    said = next(each for each in refused().splitlines() if each.startswith(f"  {key}: "))
    assert said.endswith(f"[config.toml, line {line}]")


def test_a_slip_in_the_environment_is_told_with_its_variable(write, monkeypatch):
    write("[web]\nport = 8080\n")
    monkeypatch.setenv("DAILIES_WEB__PORT", "many")
    monkeypatch.setenv("DAILIES_SLACK__ADMINS", "U1,U2")
    said = refused()
    assert "[DAILIES_WEB__PORT in the environment]" in said
    assert 'slack.admins: must be JSON, as in ["one", "two"]' in said
    assert "line" not in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DAILIES_WEB_PORT", "DAILIES_WEB__PORT"), ("DAILIES_WBE__PORT", "DAILIES_WEB__PORT"),
        ("DAILIES_CONFG", "DAILIES_CONFIG"), ("dailies_quota_credits", "DAILIES_QUOTA__CREDITS"),
    ],
)  # fmt: skip
def test_a_misspelt_variable_is_told_with_what_was_meant(monkeypatch, name, meant):
    monkeypatch.setenv(name, "1")
    assert f"  {name}: there is no such setting; did you mean {meant}?" in refused()


@pytest.mark.parametrize(
    ("text", "meant"), [("[web]\nprot = 1\n", "port"), ("[wbe]\nport = 1\n", "web")]
)
def test_a_misspelt_key_is_told_with_what_was_meant(write, text, meant):
    write(text)
    assert f"there is no such setting; did you mean {meant}?" in refused()


def test_a_section_in_the_environment_that_is_no_json_is_told(monkeypatch):
    monkeypatch.setenv("DAILIES_WEB", "{port: 1")
    assert "  web: must be JSON" in refused()
    assert "} [DAILIES_WEB in the environment]" in refused()


def test_everything_of_every_kind_is_told_in_one_go(write, monkeypatch, tmp_path):
    """Slips, misspelt names, what cannot be together, secrets that cannot be read, what is lacking."""
    write("[web]\nport = 'x'\n[slack]\nclient_id = 'a'\n[runway]\npoll_seconds = 1\n")
    monkeypatch.setenv("DAILIES_QUOTTA__CREDITS", "1")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "gone"))
    said = refused(to_run=True)
    for words in (
        "web.port: ", "slack.client_id: ", "go together: set both", "[config.toml, line 4]",
        "runway.poll_seconds: Runway allows", "[config.toml, line 6]", "DAILIES_QUOTTA__CREDITS: ",
        "DISCORD_TOKEN: DISCORD_TOKEN_FILE names ", "There is no Runway key.",
    ):  # fmt: skip
        assert words in said
    assert "There is no platform" not in said  # nobody knows before the token can be read
    assert len(said.splitlines()) == 7


def test_what_nobody_can_know_yet_is_not_claimed(write):
    write("[discord]\nupload_limit_mb = 'x'\n[runway]\nbase_url = 'x'\npoll_seconds = 1\n")
    said = refused(to_run=True)
    assert "no platform" not in said
    assert "Runway allows" not in said


def test_what_cannot_be_together_is_told(write):
    write(
        "[web]\nmetrics = false\nmetrics_token = 'hush'\n"
        + "[[playground.members]]\nid = 'ben'\nname = 'Ben'\n" * 2
    )
    said = refused()
    assert "web.metrics_token: web.metrics is off" in said
    assert "ben is there more than once" in said
    assert "hush" not in said


def test_only_a_bot_that_is_to_run_needs_a_key_and_a_platform(monkeypatch):
    load_config()
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    said = refused(to_run=True)
    assert "There is no Runway key" in said
    assert "Socket Mode needs an app-level token" in said


@pytest.mark.parametrize("given", ["APP_TOKEN", "SIGNING_SECRET"])
def test_slack_without_its_bot_token_is_told_beside_another_platform(monkeypatch, given):
    monkeypatch.setenv("DISCORD_TOKEN", "hush")
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_1")
    monkeypatch.setenv(f"SLACK_{given}", "hush")
    said = refused(whole=True)
    assert f"slack.{given.lower()} (SLACK_{given}) is set. Set SLACK_BOT_TOKEN (xoxb-…)" in said
    assert "hush" not in said
    assert refused(to_run=True) == said
    load_config()  # a shell beside the bot need not have all its secrets


def test_half_of_slack_is_told_with_its_section_and_instead_of_no_platform(write, monkeypatch):
    write("[web]\nport = 1\n[slack]\napp_token = 'hush'\n")
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_1")
    said = refused(to_run=True)
    assert len(said.splitlines()) == 2
    assert "  slack.bot_token: " in said
    assert "config.toml, line 3]" in said


@pytest.mark.parametrize("mode", ["socket", "http"])
@pytest.mark.parametrize(
    "way", [{"SLACK_BOT_TOKEN": "x"}, {f"DAILIES_SLACK__CLIENT_{k}": "x" for k in ("ID", "SECRET")}]
)
def test_every_way_to_run_on_slack_is_whole(monkeypatch, mode, way):
    monkeypatch.setenv("DAILIES_SLACK__MODE", mode)
    settings = way | dict.fromkeys(("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"), "x")
    for name, value in (settings | {"RUNWAYML_API_SECRET": "key_1"}).items():
        monkeypatch.setenv(name, value)
    assert load_config(to_run=True).slack.enabled


def test_a_bot_token_that_cannot_be_read_is_not_told_as_missing_too(monkeypatch, tmp_path):
    monkeypatch.setenv("SLACK_APP_TOKEN", "x")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "gone"))
    assert len(refused(whole=True).splitlines()) == 2


def test_a_file_that_is_no_toml_is_told_with_its_line(write):
    write("[web]\nport = \n")
    assert "config.toml cannot be read" in refused()
    assert "line 2" in refused()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web]\nport = 'x'\n", "web.port: must be a whole number ["),
        ("[web]\nport = 70000\n", "web.port: must be at most 65535 ["),
        ("[web]\nhost = 5\n", "web.host: must be text"),
        ("[web]\nmetrics = 'maybe'\n", "web.metrics: must be true or false ["),
        ("[archive]\nmax_gb = 0\n", "archive.max_gb: must be more than 0 ["),
        ("[run]\ngrace_seconds = 'x'\n", "run.grace_seconds: must be a number ["),
        ("[log]\nlevel = 'loud'\n", "log.level: must be 'debug', 'info', 'warning' or 'error' ["),
        ("[quota]\nperiod = 'year'\n", "quota.period: must be 'day', 'week' or 'month' ["),
        ("[moderation]\nwords = 'bad'\n", "moderation.words: must be a list"),
        ("[[playground.members]]\nid = 'a'\n", "playground.members.0.name: is missing ["),
        ("[slack]\nalert_channel = 'x'\n", "slack.alert_channel: does not have the right form"),
        ("web = 5\n", "web: must be a section"),
        (
            "[models.gen4_image]\nprice = 5\n",
            "models: gen4_image: there is no such setting: price.",
        ),
        ("[models.gen4_image]\nenabled = 'no'\n", "gen4_image.enabled must be true or false ["),
        ("[models.gen4_imag]\nenabled = false\n", "no such model; did you mean gen4_image? ["),
        ("[models.gen4_image.text_to_image]\nrank = 'x'\n", "text_to_image.rank: must be a whole"),
    ],
)
def test_a_slip_is_told_in_plain_words(write, text, said):
    write(text)
    assert said in refused()
    assert "pydantic" not in refused()


def test_a_value_where_a_section_belongs_is_told_beside_variables_of_that_section(
    write, monkeypatch
):
    write("web = 5\nquota = []\n")
    monkeypatch.setenv("DAILIES_WEB__PORT", "8081")
    said = refused()
    assert "web: must be a section" in said
    assert "quota: must be a section" in said
    assert len(said.splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[web]\n# ok\nhost = '\xff'\n", "line 3 is not UTF-8."),
        (b"\xef\xbb\xbf[web]\n", "without a byte order mark."),
    ],
)
def test_a_file_that_an_editor_wrote_in_its_own_way_is_told(tmp_path, content, said):
    (tmp_path / "config.toml").write_bytes(content)
    assert said in refused()


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    (tmp_path / "config.toml").mkdir()
    assert "config.toml is a folder." in refused()


def test_a_secret_that_is_given_and_cannot_be_read_is_not_said_to_be_missing_too(
    write, monkeypatch, tmp_path
):
    monkeypatch.setenv("DAILIES_PLAYGROUND__ENABLED", "true")
    monkeypatch.setenv("RUNWAYML_API_SECRET_FILE", str(tmp_path / "empty"))
    assert "cannot be read: No such file" in refused(to_run=True)
    (tmp_path / "empty").write_text("\n")
    said = refused(to_run=True)
    assert "RUNWAYML_API_SECRET_FILE names" in said
    assert "it is empty." in said
    assert "There is no Runway key" not in said
