"""Migrations, run at every start. `upgrade` brings a database to today's tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Run what is missing on this connection, in its transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def current(connection: Connection) -> str | None:
    """The last migration that a database has had; None for one without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> list[str]:
    """Every migration that there is, the oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [found.revision for found in script.walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
