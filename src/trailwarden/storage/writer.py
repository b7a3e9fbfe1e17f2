"""The one thread that writes: it commits whatever waits as one group, so that many calls share one sync of the disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import sleep

from trailwarden.clock import Clock
from trailwarden.storage.batch import Batch
from trailwarden.storage.blobs import Blobs
from trailwarden.storage.committed import Change, Committed
from trailwarden.storage.database import Database, Session, at_fault
from trailwarden.storage.ports import Conflict, Ended, StorageUnavailable
from trailwarden.storage.transaction import SqlTransaction

__all__ = ["Chore", "Pending", "Writer", "news"]

_log = logging.getLogger(__name__)

_GROUP = 512
_PATIENCE = 0.001
"""Seconds that a group may wait for more calls. Whoever calls alone never waits."""
_NEWS = 10_000
"""Other nodes' changes that are told one by one; beyond, the caches start anew."""


class Commit(Future[None]):
    """A commit that was handed over; it cannot be taken back."""

    def cancel(self) -> bool:
        """Never."""
        return False

    def ended(self, error: BaseException | None) -> None:
        """What the writer tells."""
        if error is None:
            self.set_result(None)
        else:
            self.set_exception(error)


@dataclass(frozen=True, slots=True)
class Chore:
    """Work of the store itself, in a database transaction of its own. Gives how much it did."""

    work: Callable[[Session], int]
    done: "Future[int]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Pending:
    """A transaction that waits to be committed."""

    transaction: SqlTransaction
    ended: Ended


class Writer:
    """The writer thread and its queue."""

    def __init__(
        self,
        database: Database,
        committed: Committed,
        blobs: Blobs,
        *,
        clock: Clock,
        after: Callable[[Session, int], None] | None = None,
    ) -> None:
        self._database = database
        self._committed = committed
        self._blobs = blobs
        self._clock = clock
        self._after = after
        self._session = Session(database)
        self._queue: SimpleQueue[Sequence[Pending] | Chore | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def commit(self, transaction: SqlTransaction) -> "Future[None]":
        """Queue a transaction."""
        done = Commit()
        self.commit_all((Pending(transaction, done.ended),))
        return done

    def commit_all(self, group: Sequence[Pending]) -> None:
        """Queue transactions."""
        if not self._put(group):
            for pending in group:
                pending.ended(StorageUnavailable("the store is closed"))

    def do(self, chore: Chore) -> int:
        """Queue a chore and wait for it. Raises StorageUnavailable."""
        if not self._put(chore):
            raise StorageUnavailable("the store is closed")
        return chore.done.result()

    def close(self) -> None:
        """Commit what is queued, then stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _put(self, item: Sequence[Pending] | Chore) -> bool:
        with self._gate:
            if self._closed:
                return False
            self._queue.put(item)
        return True

    def _run(self) -> None:
        usual = 0
        while (item := self._queue.get()) is not None:
            group = self._collected(item, usual)
            usual = len(group)
            self._commit(group)
        self._session.close()

    def _collected(self, item: Sequence[Pending] | Chore | None, usual: int) -> list[Pending]:
        """What waits, as one group; a chore in between is done in its turn.

        Most of a commit's price is the same for few calls as for many, so that where several callers were at work a
        moment ago, the others are waited for, once.
        """
        group: list[Pending] = []
        patient = True
        while item is not None:
            if isinstance(item, Chore):
                self._commit(group)
                group = []
                self._do(item)
            else:
                group += item
            item = self._next() if len(group) < _GROUP else None
            if item is None and patient and 0 < len(group) < usual:
                patient = False
                sleep(_PATIENCE)
                item = self._next()
        return group

    def _next(self) -> Sequence[Pending] | Chore | None:
        """What else waits; the end's mark is left for `_run`."""
        try:
            item = self._queue.get_nowait()
        except Empty:
            return None
        if item is None:
            self._queue.put(None)  # nothing comes behind it
        return item

    def _do(self, chore: Chore) -> None:
        try:
            self._session.begin()
            count = chore.work(self._session)
            self._session.commit()
        except Exception as error:  # noqa: BLE001 — whatever it is, the one who waits must hear of it
            self._session.abandon()
            chore.done.set_exception(_unavailable(error))
        else:
            chore.done.set_result(count)

    def _commit(self, group: list[Pending]) -> None:
        if not group:
            return
        try:
            batch, lost = self._write(group)
        except Exception as error:  # noqa: BLE001 — likewise
            self._session.abandon()
            self._failed(group, error)
            return
        self._committed.install(batch.base, batch.changes, batch.slots)
        for reference in batch.dropped:
            self._blobs.sweep(reference)
        for pending in group:
            if pending not in lost:
                pending.ended(None)
        for pending in lost:
            pending.transaction.sweep()
            pending.ended(Conflict())
        if self._after is not None:
            self._after(self._session, len(group))

    def _write(self, group: list[Pending]) -> tuple[Batch, list[Pending]]:
        """Write a group; gives also those that conflict with what was committed before them."""
        statements = self._database.statements
        change, seq = self._session.begin()
        if change != self._committed.applied:
            news(self._committed, change, self._changes)
        batch = Batch(self._session, self._committed, change=change, seq=seq)
        now = self._clock()
        lost = []
        for pending in group:
            try:
                batch.add(pending.transaction, statements, now)
            except Conflict:
                lost.append(pending)
        batch.insert(statements)
        self._session.commit()
        return batch, lost

    def _changes(self, after: int) -> list[Change]:
        rows = self._session.rows(self._database.statements.learn, change=after, limit=_NEWS + 1)
        return [Change(number, (kind, account, region, name)) for number, kind, account, region, name in rows]

    def _failed(self, group: list[Pending], error: Exception) -> None:
        """One transaction's data must not take others down: then each is written alone."""
        if len(group) > 1 and at_fault(error):
            for pending in group:
                self._commit([pending])
            return
        _log.error("%d transactions were not kept: %s: %s", len(group), type(error).__name__, error)
        for pending in group:
            pending.transaction.sweep()
            pending.ended(_unavailable(error))


def news(committed: Committed, change: int, changes: Callable[[int], list[Change]]) -> None:
    """Make what other nodes have changed known here, up to a change number read before."""
    found = changes(committed.applied)
    if len(found) > _NEWS:
        committed.forget(change)
    else:
        committed.learn(found)


def _unavailable(error: Exception) -> StorageUnavailable:
    unavailable = StorageUnavailable(str(error))
    unavailable.__cause__ = error
    return unavailable
