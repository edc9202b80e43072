"""The client that the configuration asks for."""

from collections.abc import Callable

from bot.catalog import Catalog
from bot.config import Config
from bot.config.contradictions import NO_KEY
from bot.errors import ConfigError
from bot.ports import Archive
from bot.runway.client import RunwayClient


def client_of(
    config: Config,
    catalog: Catalog,
    archive: Archive,
    answered: Callable[[str, int], None] | None = None,
) -> RunwayClient:
    """Nothing is sent yet; raises ConfigError where there is no key."""
    runway = config.runway
    if runway.api_secret is None:
        raise ConfigError(NO_KEY)
    return RunwayClient(
        runway.base_url,
        runway.api_secret.get_secret_value(),
        catalog,
        archive,
        runway.poll_seconds,
        answered=answered,
    )
