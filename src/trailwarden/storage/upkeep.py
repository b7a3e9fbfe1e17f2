"""Threads beside the writer: SQLite's checkpoints, and the watch for what other nodes commit to PostgreSQL."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from trailwarden.storage.committed import Change, Committed
from trailwarden.storage.database import Database
from trailwarden.storage.ports import StorageUnavailable
from trailwarden.storage.writer import news

__all__ = ["Repeating", "checkpoint", "watch"]

_log = logging.getLogger(__name__)

_WORTHWHILE = 8 * 1024 * 1024
_TOO_LONG = 512 * 1024 * 1024
_NEWS = 10_001


class Repeating:
    """A thread that does its work every `seconds` until it is closed."""

    def __init__(self, work: Callable[[], None], seconds: float, name: str) -> None:
        self._work = work
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop when the work at hand is done."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 — the thread must live on
                _log.warning("upkeep of the store failed, it goes on: %s: %s", type(error).__name__, error)


def checkpoint(database: Database, file: Path, *, closing: bool = False) -> None:
    """Move the write-ahead log into the database. Only one that has grown too long, or the last, makes the writer wait."""
    log = file.with_name(file.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    if size < _WORTHWHILE and not closing:
        return
    mode = "TRUNCATE" if closing or size > _TOO_LONG else "PASSIVE"
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA wal_checkpoint({mode})")
        cursor.fetchall()
    finally:
        connection.close()


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
