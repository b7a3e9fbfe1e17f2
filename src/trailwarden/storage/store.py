"""The store: documents, journal, decisions and blobs over one database and one blob store."""

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import msgspec

from trailwarden.clock import Chance, Clock, system_clock
from trailwarden.storage.blobs import Blobs
from trailwarden.storage.committed import Committed
from trailwarden.storage.database import Database, Session
from trailwarden.storage.journal import SqlJournal
from trailwarden.storage.migrations import bring_up
from trailwarden.storage.ports import Decided, Ended, Journal, Kind, Past, Storage, StorageUnavailable, Transaction
from trailwarden.storage.transaction import SqlTransaction
from trailwarden.storage.upkeep import Checkpoints, Filing, Repeating, watch
from trailwarden.storage.writer import Pending, Writer

__all__ = ["SqlStorage", "open_storage"]

T = TypeVar("T", bound=msgspec.Struct)

_WATCH = 0.2
"""Seconds in which what another node commits is seen here."""


class SqlStorage:
    """See `ports.Storage`."""

    def __init__(self, database: Database, blobs: Blobs, lock: "FileLock | None", clock: Clock) -> None:
        change = database.rows(database.statements.counter)[0][0]
        self._database = database
        self._blobs = blobs
        self._lock = lock
        self._committed = Committed(database, change)
        self._checkpoints = None if database.file is None else Checkpoints(database.file)
        self._writer = Writer(database, self._committed, blobs, clock=clock, after=self._note)
        journal = SqlJournal(database, self._writer)
        self._filing = Filing(journal.file)
        self._upkeep = self._checkpoints or Repeating(
            lambda: watch(database, self._committed), _WATCH, "storage-watcher"
        )
        self._closed = False
        self.journal: Journal = journal
        blobs.sweep_abandoned()
        journal.file()  # what an end before, or an older version, has left

    def _note(self, session: Session, count: int) -> None:
        """What the writer tells after each group, with its session and the count of transactions."""
        self._filing.note(count)
        if self._checkpoints is not None:
            self._checkpoints.note(session, count)

    def begin(self) -> SqlTransaction:
        """See `Storage.begin`."""
        return SqlTransaction(self._committed, self._blobs)

    def commit(self, transaction: Transaction) -> "Future[None]":
        """See `Storage.commit`."""
        return self._writer.commit(_own(transaction))

    def commit_all(self, commits: Sequence[tuple[Transaction, Ended]]) -> None:
        """See `Storage.commit_all`."""
        self._writer.commit_all([Pending(_own(transaction), ended) for transaction, ended in commits])

    def fetch(self, reference: str, start: int = 0, end: int | None = None) -> bytes:
        """See `Storage.fetch`. Raises LookupError for bytes that there are not, and StorageUnavailable."""
        return self._blobs.fetch(reference, start, end)

    def chunks(self, reference: str) -> Iterator[bytes]:
        """See `Storage.chunks`; raises as `fetch`."""
        return self._blobs.chunks(reference)

    def decision(self, key: str, *, by: str = "authorization_id") -> Decided | None:
        """See `Storage.decision`."""
        rows = self._database.rows(self._database.statements.decisions[by], **{by: key})
        if not rows:
            return None
        authorization_id, event_id, request_id, account, region, time, body = rows[0]
        return Decided(
            authorization_id=authorization_id,
            event_id=event_id,
            request_id=request_id,
            account=account,
            region=region,
            time=time,
            body=bytes(body),
        )

    def history(self, kind: Kind[T], account: str, region: str, name: str | None = None) -> Sequence[Past[T]]:
        """See `Storage.history`. Raises StorageUnavailable."""
        statement = self._database.statements.history[name is not None]
        rows = self._database.rows(statement, kind=kind.name, account=account, region=region, name=name)
        decode = self._committed.decode
        return [
            Past(name=name, version=version, time=time, body=None if body is None else decode(kind.struct, bytes(body)))
            for name, version, time, body in rows
        ]

    def change(self) -> int:
        """See `Storage.change`."""
        return self._committed.applied

    def close(self) -> None:
        """See `Storage.close`."""
        if self._closed:
            return
        self._closed = True
        self._filing.close()
        self._writer.close()
        self._upkeep.close()
        self._blobs.close()
        self._database.close()
        if self._lock is not None:
            self._lock.close()


def _own(transaction: Transaction) -> SqlTransaction:
    if not isinstance(transaction, SqlTransaction):
        raise TypeError("a transaction is committed by the store that began it")
    return transaction


class FileLock:
    """Keeps a second process off an SQLite database: an SQLite lock on a file beside it, which ends with the process."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(
            file.with_name(file.name + ".lock"), timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            raise StorageUnavailable(f"another process has {file.name} open") from error

    def close(self) -> None:
        """Let others in."""
        self._connection.close()


def open_storage(url: str, *, blobs: str, clock: Clock = system_clock, chance: Chance | None = None) -> Storage:
    """Open the store, and bring its schema up to date.

    `url` is a path, `sqlite:////path` or `postgresql+pg8000://user:password@host/database`; `blobs` a folder or a URL
    that obstore knows (s3://, gs://, az://, file://, memory://). Raises StorageUnavailable, also where another process
    has the SQLite file open.
    """
    database = Database(url)
    lock = _lock(database.file)
    try:
        bring_up(database)
        kept = Blobs(database, blobs, clock=clock, chance=chance or Chance())
        return SqlStorage(database, kept, lock, clock)
    except BaseException:
        database.close()
        if lock is not None:
            lock.close()
        raise


def _lock(file: Path | None) -> FileLock | None:
    if file is None:
        return None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(file)
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailable(f"the database cannot be opened: {error}") from error
