"""The few real tables. Text sorts by code point in both databases, as Python does, so that paging is the same everywhere."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

__all__ = ["ATTRIBUTES", "BLOBS", "COUNTER", "DECISIONS", "DOCUMENTS", "HISTORY", "JOURNAL", "METADATA"]

_TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

METADATA = MetaData(naming_convention=_NAMES)

COUNTER = Table(
    "counter",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("change", _NUMBER, nullable=False),
    Column("seq", _NUMBER, nullable=False),
    Column("indexed", _NUMBER, nullable=False, server_default="0"),
)
"""One row: the newest change number, the newest journal position, and the last one whose attributes stand in `attributes`.

Its lock puts the commits of all nodes in order.
"""

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("kind", _TEXT, primary_key=True),
    Column("account", _TEXT, primary_key=True),
    Column("region", _TEXT, primary_key=True),
    Column("name", _TEXT, primary_key=True),
    Column("version", _NUMBER, nullable=False),
    Column("change", _NUMBER, nullable=False),
    Column("deleted", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""The newest version of each document; a deleted one stays as a tombstone, so that its version goes on counting."""

HISTORY = Table(
    "history",
    METADATA,
    Column("change", _NUMBER, primary_key=True, autoincrement=False),
    Column("kind", _TEXT, nullable=False),
    Column("account", _TEXT, nullable=False),
    Column("region", _TEXT, nullable=False),
    Column("name", _TEXT, nullable=False),
    Column("version", _NUMBER, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("body", LargeBinary),
    Index(None, "kind", "account", "region", "name", "version"),
)
"""Every version a document had; a deletion has no body. Other nodes learn of changes from here."""

_PLACE = ("account", "region", "category")

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("event_id", _TEXT, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("account", _TEXT, nullable=False),
    Column("region", _TEXT, nullable=False),
    Column("category", _TEXT, nullable=False),
    Column("source", _TEXT, nullable=False),
    Column("name", _TEXT, nullable=False),
    Column("read_only", SmallInteger, nullable=False),
    Column("username", _TEXT, nullable=False),
    Column("access_key", _TEXT, nullable=False),
    Column("request_id", _TEXT, nullable=False),
    Column("organization", _TEXT, nullable=False),
    Column("resources", _TEXT, nullable=False),
    Column("record", LargeBinary, nullable=False),
    UniqueConstraint("event_id"),
    Index(None, *_PLACE, "time", "seq"),
)
"""Events in commit order. `resources` are the entry's pairs as JSON."""

ATTRIBUTES = Table(
    "attributes",
    METADATA,
    Column("account", _TEXT, primary_key=True),
    Column("region", _TEXT, primary_key=True),
    Column("category", _TEXT, primary_key=True),
    Column("attribute", _TEXT, primary_key=True),
    Column("value", _TEXT, primary_key=True),
    Column("time", Float(53), primary_key=True),
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""What events are looked up by, newest last. It is filled behind the commits, many events at a time: see `counter`."""

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("authorization_id", _TEXT, primary_key=True),
    Column("event_id", _TEXT, nullable=False, index=True),
    Column("request_id", _TEXT, nullable=False, index=True),
    Column("account", _TEXT, nullable=False),
    Column("region", _TEXT, nullable=False),
    Column("time", Float(53), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

BLOBS = Table(
    "blobs",
    METADATA,
    Column("reference", _TEXT, primary_key=True),
    Column("size", _NUMBER, nullable=False),
    Column("data", LargeBinary),
)
"""Stored bytes; those without data here are objects of the blob store."""
