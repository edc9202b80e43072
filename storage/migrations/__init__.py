"""Migrations, run at every start. `upgrade` brings a database to today's tables."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from bot.errors import ConfigError
from storage.locks import serialise

if TYPE_CHECKING:
    from alembic.config import Config

# The newest of `versions/`: a database that has it needs nothing, and Alembic is not even loaded.
HEAD = "0004"


def upgrade(connection: Connection) -> None:
    """Run what is missing on this connection, in its transaction; one replica at a time does.

    Raises ConfigError where the database is from a newer version than this.
    """
    serialise(connection, "migrations")
    at = version(connection)
    if at == HEAD:
        return
    if at is not None and at not in revisions():
        raise newer(at)
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newer(migration: str) -> ConfigError:
    """What is said of a database that has had a migration that is not known here."""
    return ConfigError(
        f"The database is from a newer Dailies ({migration}). Run that version, or go back to a backup."
    )


def version(connection: Connection) -> str | None:
    """The migration that the database has; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def revisions() -> list[str]:
    """Every migration that there is, the oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    return [found.revision for found in script.walk_revisions()][::-1]


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
