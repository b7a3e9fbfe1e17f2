"""Threads beside the writer: SQLite's checkpoints, the filing of attributes, and the watch for what other nodes commit."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from trailwarden.storage.committed import Change, Committed
from trailwarden.storage.database import Database, Session
from trailwarden.storage.ports import StorageUnavailable
from trailwarden.storage.writer import news

__all__ = ["Checkpoints", "Filing", "Repeating", "watch"]

_log = logging.getLogger(__name__)

_NEWS = 10_001
_LONG_LOG = 4_000
"""Pages of 4 KiB."""

_PAGES = 8
"""Pages that a commit touches, about: one an index."""

_DUE = 1_000
"""Pages worth a checkpoint, as SQLite has it."""

_SECONDS = 30.0

_FILING = 1.0
_FULL = 1_000
"""Events that are filed at once however short they have waited."""


class Repeating:
    """A thread that does its work every `seconds`, or when woken, until it is closed."""

    def __init__(self, work: Callable[[], None], seconds: float, name: str) -> None:
        self._work = work
        self._seconds = seconds
        self._ended = False
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Do the work now."""
        self._awake.set()

    def close(self) -> None:
        """Stop when the work at hand is done."""
        self._ended = True
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._awake.wait(self._seconds)
            self._awake.clear()
            if self._ended:
                return
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 — the thread must live on
                _log.warning("upkeep of the store failed, it goes on: %s: %s", type(error).__name__, error)


class Checkpoints:
    """Moves SQLite's write-ahead log into the database beside the writer, which so hardly ever waits for it.

    https://www.sqlite.org/wal.html#ckpt
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._pages = 0
        self._late = False
        self._thread = Repeating(self.make, _SECONDS, "storage-checkpoints")

    def make(self) -> None:
        """Copy what can be copied without making anyone wait."""
        _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._late = frames > _LONG_LOG

    def note(self, session: Session, count: int) -> None:
        """What the writer tells after each group: its count of transactions.

        The log begins anew only when all of it is copied, which a busy writer never lets happen: then it copies the
        rest itself.
        """
        self._pages += count + _PAGES
        if self._pages > _DUE:
            self._pages = 0
            self._thread.wake()
        if self._late:
            self._late = False
            session.checkpoint()

    def close(self) -> None:
        """Copy everything, and leave no log behind; where that fails (a full disk), the next start reads the log."""
        self._thread.close()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            _log.warning("the last checkpoint failed: %s", error)
        finally:
            self._connection.close()


class Filing:
    """Files the attributes of events soon after their commit, many events at a time."""

    def __init__(self, file: Callable[[], None]) -> None:
        self._file = file
        self._noted = self._filed = 0
        self._thread = Repeating(self.make, _FILING, "storage-filing")

    def make(self) -> None:
        """File what waits; without calls nothing is asked of the database."""
        noted = self._noted
        if noted > self._filed:
            self._file()
            self._filed = noted

    def note(self, count: int) -> None:
        """What the writer tells after each group: its count of transactions."""
        self._noted += count
        if self._noted - self._filed > _FULL:
            self._thread.wake()

    def close(self) -> None:
        """Stop; what is left is filed at the next start."""
        self._thread.close()


def watch(database: Database, committed: Committed) -> None:
    """Make what other nodes have committed known here."""
    statements = database.statements
    try:
        change = database.rows(statements.counter)[0][0]
    except StorageUnavailable:
        return  # whoever reads or writes says so
    if change > committed.applied:
        news(committed, change, lambda after: _changes(database, after))


def _changes(database: Database, after: int) -> list[Change]:
    rows = database.rows(database.statements.learn, change=after, limit=_NEWS)
    return [Change(number, (kind, account, region, name)) for number, kind, account, region, name in rows]
