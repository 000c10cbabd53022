"""Alembic's entry point: runs the steps on the connection that ``upgrade`` was given."""

from alembic import context
from sqlalchemy import Connection

from detente.store.tables import metadata

connection: Connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
