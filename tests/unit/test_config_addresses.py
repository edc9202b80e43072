"""Where the database and the archive are: what cannot be an address is told, and nothing else is."""

import pytest

from bot.config import load_config
from bot.errors import ConfigError
from storage.engines.opening import address_of


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAILIES_CONFIG", raising=False)
    return lambda text: (tmp_path / "config.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "url", "says"),
    [
        ("storage", "mysql://root:hunter2@db/x", "mysql:// is not a database that Dailies can use"),
        (
            "storage",
            "postgresql+psycopg://u:hunter2@h/d",
            "postgresql+psycopg:// is not a database",
        ),
        ("storage", "data/dailies.db", "that is no address of a database. Use sqlite:///"),
        (
            "storage",
            "postgresql://u:hunter2@h:x@g/d",
            "what follows the host and a colon has to be a port",
        ),
        ("storage", "sqlite://", "it names no file"),
        ("storage", "sqlite:///:memory:", "it names no file"),
        ("storage", "sqlite://data/d.db", "it names no file. Write it with three slashes"),
        ("storage", "postgresql://u@h/d?password=hunter2", "the password stands before the host"),
        ("storage", "postgresql://u:a@hunter2@h:9/d", "it cannot be told where its password ends"),
        ("storage", "postgresql://u:a@h/hunter2@h/d", "it cannot be told where its password ends"),
        ("archive", "ftp://u:hunter2@films", "ftp:// is no archive"),
        ("archive", "s3://u:hunter2@films", "credentials and options come from the environment"),
        ("archive", "s3://u:hunter2@\u2100/x", "that is no address"),
        ("archive", "file://films/a", "a file URL has three slashes"),
    ],
)
def test_an_address_of_a_wrong_kind_is_told_with_all_the_rest(write, key, url, says):
    write(f"[web]\nport = 'x'\n[{key}]\nurl = '{url}'\n[run]\nonly = ['nothing']\n")
    with pytest.raises(ConfigError) as caught:
        load_config()
    said = str(caught.value)
    assert f"  {key}.url: {says}" in said
    assert "config.toml, line 4]" in said
    assert len(said.splitlines()) == 4
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("key", "url"),
    [
        *(("storage", f"sqlite:///{path}") for path in ("dailies.db", "/var/d.db", "a b.db?x=1")),
        ("storage", "sqlite+aiosqlite:///dailies.db"),
        *(("storage", f"{kind}://u:p/w#1@h:5432/d") for kind in ("postgres", "postgresql")),
        ("storage", "postgresql+asyncpg://postgres:@/d?host=/run/postgresql"),
        ("storage", "postgresql+asyncpg://u@[::1]:5432/d"),
        *(
            ("archive", path)
            for path in ("data/archive", "/srv/a", "~/a", "file:///srv/a", "memory:///")
        ),
        *(("archive", f"{kind}://films/a") for kind in ("s3", "gs", "az", "S3")),
    ],
)
def test_an_address_that_can_be_used_is_taken(write, key, url):
    write(f"[{key}]\nurl = '{url}'\n")
    assert getattr(load_config(), key).url == url
    if key == "storage":
        assert address_of(url).database


@pytest.mark.parametrize("key", ["runway.base_url", "web.public_url"])
def test_an_address_that_people_are_shown_holds_no_password(write, key):
    section, _, name = key.partition(".")
    write(f"[{section}]\n{name} = 'https://ada:hunter2@example.com'\n")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert f"{key}: takes no user and no password" in str(caught.value)
    assert "hunter2" not in str(caught.value)
