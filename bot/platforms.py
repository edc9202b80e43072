"""The platforms that are configured, built from what they share; a part of the composition root."""

from dataclasses import dataclass

from adapters.platform import Platform
from adapters.playground.chat import Chat, Person
from adapters.playground.routes import Playground
from bot.addresses import is_loopback
from bot.archive import Archive
from bot.catalog import Catalog
from bot.config import Config
from bot.config.contradictions import NO_PLATFORM
from bot.errors import ConfigError
from bot.ports import Clock, Fitter
from bot.replica import Replica
from bot.watching.instruments import Instruments
from storage.chat import ChatLog
from storage.database import Database
from storage.engines.opening import database_path
from storage.events import SqlEventLog
from storage.installations import SqlInstallations
from storage.receipts import SqlReceipts


@dataclass(frozen=True)
class Ground:
    """What all platforms stand on."""

    config: Config
    database: Database
    catalog: Catalog
    archive: Archive
    fitter: Fitter
    clock: Clock
    replica: Replica
    watch: Instruments


def build_platforms(ground: Ground, *, live: bool) -> list[Platform]:
    """Every platform that is configured; a ConfigError when there is none."""
    config, platforms = ground.config, list[Platform]()
    if config.playground.enabled:
        platforms.append(_playground(ground, live=live))
    if config.slack.enabled:
        platforms.append(_slack(ground))
    if config.discord.token is not None:
        platforms.append(_discord(ground, config.discord.token.get_secret_value()))
    if not platforms:
        raise ConfigError(NO_PLATFORM)
    return platforms


def _playground(ground: Ground, *, live: bool) -> Platform:
    config = ground.config
    people = [Person(p.id, p.name, p.admin, p.roles) for p in config.playground.members]
    limit = round(config.playground.upload_mb * 1_000_000)
    chat = Chat(
        ChatLog(ground.database), people, ground.clock, ground.fitter, limit, ground.archive
    )
    local = is_loopback(f"http://{config.web.host}")
    return Playground(
        chat,
        ground.catalog,
        ground.archive,
        ground.watch.acknowledged(Playground.name),
        live=live,
        local=local,
        alone=database_path(config.storage.url) is not None,
    )


def listens(platform: Platform, config: Config) -> bool:
    """Whether people are heard there by this replica."""
    return config.run.does("web" if platform.name == Playground.name else platform.name)


# The chat libraries are loaded where they are used: each takes most of a second of every start.
def _slack(ground: Ground) -> Platform:
    from adapters.slack.platform import Slack

    if (lacks := ground.config.slack.lacks()) is not None:
        raise ConfigError(lacks)
    return Slack(
        ground.config.slack,
        receipts=SqlReceipts(ground.database),
        events=SqlEventLog(ground.database),
        installations=SqlInstallations(ground.database, Slack.name),
        catalog=ground.catalog,
        archive=ground.archive,
        clock=ground.clock,
        fitter=ground.fitter,
        replica=ground.replica,
        listens=ground.config.run.does("slack"),
        acknowledged=ground.watch.acknowledged(Slack.name),
    )


def _discord(ground: Ground, token: str) -> Platform:
    from adapters.discord.platform import Discord

    return Discord(
        ground.config.discord,
        token,
        ground.catalog,
        ground.archive,
        SqlEventLog(ground.database),
        ground.clock,
        ground.fitter,
        ground.replica,
        listens=ground.config.run.does("discord"),
        acknowledged=ground.watch.acknowledged(Discord.name),
    )
