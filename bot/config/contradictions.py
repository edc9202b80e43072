"""What is right by itself and cannot be together; and what a bot cannot do without."""

from collections import Counter
from collections.abc import Callable, Iterator

from bot.addresses import archive_address, database_address, is_loopback
from bot.catalog import load_catalog
from bot.config.places import Key
from bot.config.sections import Config
from bot.timing.polling import FLOOR_SECONDS

Said = tuple[Key, str]

PLATFORMS = frozenset({"discord", "slack", "playground"})
# Not a setting, but what none of them sets.
NOWHERE = ("platforms",)

NO_KEY = (
    "There is no Runway key. Set RUNWAYML_API_SECRET, or RUNWAYML_API_SECRET_FILE to a file "
    "that holds it."
)
NO_PLATFORM = (
    "There is no platform to run on. Set DISCORD_TOKEN for Discord, SLACK_BOT_TOKEN and "
    "SLACK_APP_TOKEN for Slack, or "
    "DAILIES_PLAYGROUND__ENABLED=true for the local web chat."
)


def contradictions(config: Config) -> Iterator[Said]:
    """Keys with what is wrong with them, given the others."""
    # Here, and not in the sections: a section with a slip is not held against the others.
    yield from _ill_formed(("storage", "url"), database_address, config.storage.url)
    yield from _ill_formed(("archive", "url"), archive_address, config.archive.url)
    runway = config.runway
    if runway.poll_seconds < FLOOR_SECONDS and not is_loopback(runway.base_url):
        text = f"Runway allows one question every {FLOOR_SECONDS:g} seconds."
        yield ("runway", "poll_seconds"), text
    if config.run.only and config.storage.url.startswith("sqlite"):
        text = (
            "SQLite is for one process, which does everything. Leave `only` empty, or set "
            "storage.url to a PostgreSQL database."
        )
        yield ("run", "only"), text
    yield from _swapped(config)
    if (config.slack.client_id is None) != (config.slack.client_secret is None):
        text = "slack.client_id and slack.client_secret go together: set both, or none."
        yield ("slack", "client_id" if config.slack.client_id else "client_secret"), text
    counted = Counter(member.id for member in config.playground.members)
    for name in (name for name, times in counted.items() if times > 1):
        yield ("playground", "members"), f"{name} is there more than once."
    if config.web.metrics_token is not None and not config.web.metrics:
        yield ("web", "metrics_token"), "web.metrics is off, so that nothing asks for this token."
    try:
        load_catalog(config.models)
    except ValueError as error:
        yield ("models",), str(error).removeprefix("models.")


def _swapped(config: Config) -> Iterator[Said]:
    for key, begins, other in (
        ("bot_token", "xapp-", "app_token"),
        ("app_token", "xoxb-", "bot_token"),
    ):
        token = getattr(config.slack, key)
        if token is not None and token.get_secret_value().startswith(begins):
            yield ("slack", key), f"a token that begins with {begins} is for slack.{other}."


def _ill_formed(key: Key, form: Callable[[str], str], address: str) -> Iterator[Said]:
    try:
        form(address)
    except ValueError as error:
        yield key, str(error)


def halves(config: Config) -> Iterator[Said]:
    """What was begun and does nothing as it is."""
    slack = config.slack
    if slack.enabled or slack.client_id is not None or slack.client_secret is not None:
        return  # with half of OAuth, the contradiction is told
    given = "app_token" if slack.app_token is not None else "signing_secret"
    if getattr(slack, given) is None:
        return
    text = (
        f"Slack stays off without it, though slack.{given} (SLACK_{given.upper()}) is set. Set "
        "SLACK_BOT_TOKEN (xoxb-…), or slack.client_id and slack.client_secret for several "
        "workspaces, or take the other one away."
    )
    yield ("slack", "bot_token"), text


def needs(config: Config) -> Iterator[Said]:
    """What has to be there for a bot to run."""
    if config.runway.api_secret is None:
        yield ("runway", "api_secret"), NO_KEY
    slack = config.slack
    if slack.enabled and (lacks := slack.lacks()) is not None:
        yield ("slack", "app_token" if slack.mode == "socket" else "signing_secret"), lacks
    runs = slack.enabled or config.discord.token is not None or config.playground.enabled
    if not runs and not any(halves(config)):
        yield NOWHERE, NO_PLATFORM
