"""The first schema."""

from alembic import op
from sqlalchemy import insert

from trailwarden.storage.tables import COUNTER, METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, and the counter's one row."""
    connection = op.get_bind()
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(insert(COUNTER).values(id=1, change=0, seq=0))
