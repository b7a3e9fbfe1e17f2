"""Connections to the one database. Whatever goes wrong with it is `StorageUnavailable`; the next use connects anew."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import pg8000
from sqlalchemy import Engine, Table, create_engine, event, make_url

from trailwarden.storage.ports import StorageUnavailable
from trailwarden.storage.statements import Statement, Statements

__all__ = ["Database", "Session", "at_fault"]

Row = Sequence[Any]

_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
)
"""Every commit is synced; checkpoints are made by a thread of their own."""

_POSTGRESQL = (
    "SET lock_timeout = '15s'",
    "SET idle_in_transaction_session_timeout = '30s'",
    "SET synchronous_commit = 'on'",
)
"""A node that hangs gives up the counter's lock."""

_SECONDS = 30
"""How long PostgreSQL may take to answer before the connection counts as lost."""

_ROWS = 32
"""Rows in one insert on SQLite: each statement gives up the interpreter's lock, and a busy process is slow to give it back."""

_DATA_CLASSES = ("22", "23")
"""SQLSTATE classes of data exceptions and of violated constraints."""


def at_fault(error: BaseException) -> bool:
    """Whether the data of one transaction made the statement fail, not the database."""
    if isinstance(error, pg8000.DatabaseError):
        told = error.args[0] if error.args else None
        return isinstance(told, dict) and str(told.get("C", ""))[:2] in _DATA_CLASSES
    data = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    return isinstance(error, (*data, ValueError, TypeError, OverflowError))


class Database:
    """An engine and its statements. `file` is the path of an SQLite database, else None."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url if "://" in url else f"sqlite:///{Path(url).absolute()}")
        sqlite = parsed.get_backend_name() == "sqlite"
        self.file = Path(parsed.database or "").absolute() if sqlite else None
        settings = {"timeout": 10.0, "cached_statements": 256} if sqlite else {"timeout": _SECONDS}
        self.engine: Engine = create_engine(
            parsed,
            connect_args=settings,
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
            pool_pre_ping=not sqlite,
            pool_recycle=-1 if sqlite else 1800,
        )
        event.listen(self.engine, "connect", _prepare_sqlite if sqlite else _prepare_postgresql)
        self.statements = Statements(self.engine.dialect)

    def rows(self, statement: Statement, **values: object) -> list[Row]:
        """The rows of a read over committed state. Raises StorageUnavailable."""
        try:
            connection = self.engine.raw_connection()
        except Exception as error:
            raise StorageUnavailable from error
        try:
            cursor = connection.cursor()
            cursor.execute(statement.sql, statement.bind(values))
            return list(cursor.fetchall())
        except Exception as error:
            connection.invalidate()
            raise StorageUnavailable from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close all connections that are not in use."""
        self.engine.dispose()


class Session:
    """The connection of the one writer. Errors pass as the driver raises them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._arrays = database.file is None
        self._start = "BEGIN" if self._arrays else "BEGIN IMMEDIATE"
        self._connection: Any = None
        self._cursor: Any = None

    def begin(self) -> Row:
        """Start a transaction, and give the counter's change and seq; nobody else commits before this one has."""
        if self._cursor is None:
            self._connection = self._database.engine.raw_connection()
            self._cursor = self._connection.cursor()
        self._cursor.execute(self._start)
        return self.rows(self._database.statements.lock)[0]

    def rows(self, statement: Statement, **values: object) -> list[Row]:
        """The rows of a read within the transaction."""
        self._cursor.execute(statement.sql, statement.bind(values))
        return list(self._cursor.fetchall())

    def run(self, statement: Statement, **values: object) -> int:
        """Run a statement; gives the count of rows it touched."""
        self._cursor.execute(statement.sql, statement.bind(values))
        return int(self._cursor.rowcount)

    def insert(self, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows, in the order of the table's columns."""
        if not rows:
            return
        statements = self._database.statements
        if self._arrays:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self._cursor.execute(statements.insert(table), columns)
            return
        for start in range(0, len(rows), _ROWS):
            chunk = rows[start : start + _ROWS]
            self._cursor.execute(statements.insert(table, len(chunk)), tuple(chain.from_iterable(chunk)))

    def commit(self) -> None:
        """Make the transaction durable."""
        self._cursor.execute("COMMIT")

    def checkpoint(self) -> None:
        """Copy SQLite's whole write-ahead log, between transactions; a failure says itself at the next commit."""
        with suppress(sqlite3.Error):
            self._cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def abandon(self) -> None:
        """Undo what is left of the transaction; a connection that cannot even do that is dropped."""
        if self._cursor is None:
            return
        try:
            if self._arrays or self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 — whatever it is, the next transaction takes a new connection
            self._connection.invalidate()
            self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._cursor = None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us alone
    for pragma in _SQLITE:
        connection.execute(pragma).fetchall()


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True  # likewise
    cursor = connection.cursor()
    for setting in _POSTGRESQL:
        cursor.execute(setting)
    cursor.close()
