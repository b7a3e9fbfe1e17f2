"""Attributes of events in a table of their own, filed behind the commits, in place of an index each."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, PrimaryKeyConstraint, Text
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer, "sqlite")
PLACE = ("account", "region", "category")
KEY = (*PLACE, "attribute", "value", "time", "seq")
INDEXED = ("name", "source", "read_only", "username", "access_key")


def upgrade() -> None:
    """Make the table, empty: whoever opens the store files what is not filed yet."""
    op.create_table(
        "attributes",
        *(Column(name, TEXT, nullable=False) for name in KEY[:-2]),
        Column("time", Float(53), nullable=False),
        Column("seq", NUMBER, nullable=False, autoincrement=False),
        PrimaryKeyConstraint(*KEY, name="pk_attributes"),
        sqlite_with_rowid=False,
    )
    op.add_column("counter", Column("indexed", NUMBER, nullable=False, server_default="0"))
    for column in INDEXED:
        op.drop_index(f"ix_journal_{'_'.join((*PLACE, column, 'time', 'seq'))}", "journal")
    op.drop_table("resources")
