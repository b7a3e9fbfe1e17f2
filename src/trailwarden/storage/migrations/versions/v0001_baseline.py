"""The first schema, as it was: later versions change it, so it is not read from `tables`."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None

TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer, "sqlite")
PLACE = ("account", "region", "category")

TABLES: dict[str, tuple[SchemaItem, ...]] = {
    "counter": (
        Column("id", Integer, nullable=False, autoincrement=False),
        Column("change", NUMBER, nullable=False),
        Column("seq", NUMBER, nullable=False),
        PrimaryKeyConstraint("id", name="pk_counter"),
    ),
    "documents": (
        Column("kind", TEXT, nullable=False),
        Column("account", TEXT, nullable=False),
        Column("region", TEXT, nullable=False),
        Column("name", TEXT, nullable=False),
        Column("version", NUMBER, nullable=False),
        Column("change", NUMBER, nullable=False),
        Column("deleted", SmallInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        PrimaryKeyConstraint("kind", "account", "region", "name", name="pk_documents"),
    ),
    "history": (
        Column("change", NUMBER, nullable=False, autoincrement=False),
        Column("kind", TEXT, nullable=False),
        Column("account", TEXT, nullable=False),
        Column("region", TEXT, nullable=False),
        Column("name", TEXT, nullable=False),
        Column("version", NUMBER, nullable=False),
        Column("time", Float(53), nullable=False),
        Column("body", LargeBinary, nullable=True),
        PrimaryKeyConstraint("change", name="pk_history"),
    ),
    "journal": (
        Column("seq", NUMBER, nullable=False, autoincrement=False),
        Column("event_id", TEXT, nullable=False),
        Column("time", Float(53), nullable=False),
        Column("account", TEXT, nullable=False),
        Column("region", TEXT, nullable=False),
        Column("category", TEXT, nullable=False),
        Column("source", TEXT, nullable=False),
        Column("name", TEXT, nullable=False),
        Column("read_only", SmallInteger, nullable=False),
        Column("username", TEXT, nullable=False),
        Column("access_key", TEXT, nullable=False),
        Column("request_id", TEXT, nullable=False),
        Column("organization", TEXT, nullable=False),
        Column("resources", TEXT, nullable=False),
        Column("record", LargeBinary, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_journal"),
        UniqueConstraint("event_id", name="uq_journal_event_id"),
    ),
    "resources": (
        Column("seq", NUMBER, nullable=False, autoincrement=False),
        Column("position", Integer, nullable=False, autoincrement=False),
        Column("account", TEXT, nullable=False),
        Column("region", TEXT, nullable=False),
        Column("category", TEXT, nullable=False),
        Column("time", Float(53), nullable=False),
        Column("type", TEXT, nullable=False),
        Column("name", TEXT, nullable=False),
        PrimaryKeyConstraint("seq", "position", name="pk_resources"),
    ),
    "decisions": (
        Column("authorization_id", TEXT, nullable=False),
        Column("event_id", TEXT, nullable=False),
        Column("request_id", TEXT, nullable=False),
        Column("account", TEXT, nullable=False),
        Column("region", TEXT, nullable=False),
        Column("time", Float(53), nullable=False),
        Column("body", LargeBinary, nullable=False),
        PrimaryKeyConstraint("authorization_id", name="pk_decisions"),
    ),
    "blobs": (
        Column("reference", TEXT, nullable=False),
        Column("size", NUMBER, nullable=False),
        Column("data", LargeBinary, nullable=True),
        PrimaryKeyConstraint("reference", name="pk_blobs"),
    ),
}

INDEXES = (
    ("history", ("kind", "account", "region", "name", "version")),
    ("journal", (*PLACE, "time", "seq")),
    ("journal", (*PLACE, "name", "time", "seq")),
    ("journal", (*PLACE, "source", "time", "seq")),
    ("journal", (*PLACE, "read_only", "time", "seq")),
    ("journal", (*PLACE, "username", "time", "seq")),
    ("journal", (*PLACE, "access_key", "time", "seq")),
    ("resources", (*PLACE, "type", "time", "seq")),
    ("resources", (*PLACE, "name", "time", "seq")),
    ("decisions", ("event_id",)),
    ("decisions", ("request_id",)),
    ("decisions", ("time",)),
)


def upgrade() -> None:
    """Make the tables, their indexes, and the counter's one row."""
    for name, items in TABLES.items():
        op.create_table(name, *items)
    for table, columns in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
    op.execute("INSERT INTO counter (id, change, seq) VALUES (1, 0, 0)")
