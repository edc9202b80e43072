"""Migrations, run at every start. `upgrade` brings a database to today's tables."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.locks import serialise

# The newest of `versions/`: a database that has it needs nothing, and Alembic is not even loaded.
HEAD = "0003"


def upgrade(connection: Connection) -> None:
    """Run what is missing on this connection, in its transaction; one replica at a time does."""
    serialise(connection, "migrations")
    if version(connection) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The migration that the database has; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
