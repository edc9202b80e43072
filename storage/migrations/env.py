"""What Alembic runs; the connection is the caller's."""

from alembic import context

from storage import quota_tables, replica_tables, schema
from storage.metadata import metadata

# Named, so that their tables are known.
_TABLES = (quota_tables, replica_tables, schema)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
