"""Alembic's entry: it runs on the connection that `bring_up` hands over, within its transaction."""

from alembic import context

from trailwarden.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=False)
context.run_migrations()
