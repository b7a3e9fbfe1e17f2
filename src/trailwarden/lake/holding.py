"""What event data stores hold: takes the journal's events and others' into their tables, and shows a store to a query."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import msgspec

from trailwarden.clock import Chance, Clock
from trailwarden.lake.records import Batch, Written, merged, opened, write
from trailwarden.lake.schema import Family, family_of
from trailwarden.lake.selection import selection
from trailwarden.lake.store import EventDataStore
from trailwarden.lake.warehouse import Held, Pinned, Warehouse
from trailwarden.storage.ports import Entry, Kind, Storage

__all__ = ["PROGRESS", "Appended", "Holding", "Progress", "View", "naive"]

_log = logging.getLogger(__name__)

_PAGE = 1_000
_MOST_SEALED = 50_000
_LONGEST_TAIL = 20_000
_WORTH_NOTING = 5_000
_DAY = 86_400.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the journal was read for a store without finding anything for it behind what its table tells. Key as the store's."""

    position: int


PROGRESS = Kind("cloudtrail.store-progress", Progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of records, which all are in one of the counts.

    `duplicates`: the store or the batch has their eventID. `expired`: older than what the store retains. `refused`: the
    places in the batch of those without an eventID or a readable eventTime.
    """

    stored: int
    duplicates: int
    expired: int
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A store at one moment, for a query: Parquet files, and behind them the records that are not sealed yet.

    `oldest` is the beginning of what the store retains, in seconds since the epoch.
    """

    family: Family
    files: tuple[Held, ...]
    hot: tuple[bytes, ...]
    oldest: float


@dataclass(frozen=True, slots=True)
class Holding:
    """Event data stores over the journal of `storage`."""

    storage: Storage
    warehouse: Warehouse
    clock: Clock
    chance: Chance

    def append(self, store: EventDataStore, records: Sequence[bytes]) -> Appended:
        """Store records (JSON, one event each) durably, each eventID once, whatever the store has already.

        What the journal holds for the store is sealed first. Safe to repeat with the same records after a crash. Raises
        Changed where the table is changed by others all the time.
        """
        family = family_of(store.categories)
        with self.warehouse.lock(store.id), opened(records, family) as batch:
            expired = batch.drop_before(naive(self._oldest(store)))
            appended = Appended(stored=0, duplicates=batch.repeated, expired=expired, refused=batch.refused)
            return self.warehouse.again(lambda: self._append(store, family, batch, appended))

    def seal(self, store: EventDataStore) -> int:
        """Take into the store's table what the journal holds for it; gives the number of events. Raises Changed."""
        with self.warehouse.lock(store.id):
            sealed, done = 0, False
            while not done:
                taken, done = self.warehouse.again(lambda: self._seal(store))
                sealed += taken
            return sealed

    def view(self, store: EventDataStore) -> View:
        """The store as a query sees it: every event that was committed before this call."""
        pinned = self.warehouse.pin(store.id)
        newest = self.storage.journal.newest()
        if newest - self._position(store, pinned) > _LONGEST_TAIL:
            self.seal(store)
            pinned, newest = self.warehouse.pin(store.id), self.storage.journal.newest()
        select = selection(store, newest)
        entries = self._entries(self._position(store, pinned), newest)
        return View(
            family=family_of(store.categories),
            files=pinned.files if pinned is not None else (),
            hot=tuple(entry.record for seq, entry in entries if select(seq, entry)),
            oldest=self._oldest(store),
        )

    def merged(self, paths: Sequence[str], store: str, day: date) -> Written:
        """One file made from several of a day, which no table mentions yet."""
        return merged(paths, self.warehouse.data_folder(store), day, self.chance.uuid())

    def forget(self, store: str) -> None:
        """Remove a store's table and its files for good."""
        with self.warehouse.lock(store):
            self.warehouse.drop(store)
            with suppress(FileNotFoundError):
                shutil.rmtree(self.warehouse.folder / store)

    def _append(self, store: EventDataStore, family: Family, batch: Batch, so_far: Appended) -> Appended:
        self.seal(store)
        pinned = self._pinned(store, family)
        before = batch.count
        batch.drop_held(_of_days(pinned, batch.days))
        stored = batch.count
        if stored:
            self._commit(store, pinned, batch, position=None)
        return replace(so_far, stored=stored, duplicates=so_far.duplicates + before - stored)

    def _seal(self, store: EventDataStore) -> tuple[int, bool]:
        """One commit's worth, and whether the journal's end is reached."""
        pinned = self.warehouse.pin(store.id)
        start, newest = self._position(store, pinned), self.storage.journal.newest()
        found, position = self._found(store, start, newest)
        if found:
            family = family_of(store.categories)
            return self._take(store, self._pinned(store, family), found, position), position >= newest
        if position - start >= _WORTH_NOTING:
            self._note(store, position)
        return 0, True

    def _found(self, store: EventDataStore, start: int, newest: int) -> tuple[list[bytes], int]:
        """Records for the store behind a position, as many as one commit takes, and the position they reach to."""
        select = selection(store, newest)
        found: list[bytes] = []
        for seq, entry in self._entries(start, newest):
            if select(seq, entry):
                found.append(entry.record)
            if len(found) >= _MOST_SEALED:
                return found, seq
        return found, newest

    def _take(self, store: EventDataStore, pinned: Pinned, found: Sequence[bytes], position: int) -> int:
        with opened(found, family_of(store.categories)) as batch:
            if batch.refused:
                _log.error("%d recorded events have no eventID or eventTime, store %s", len(batch.refused), store.id)
            batch.drop_held(_of_days(pinned, batch.days))
            self._commit(store, pinned, batch, position=position)
            return batch.count

    def _commit(self, store: EventDataStore, pinned: Pinned, batch: Batch, *, position: int | None) -> None:
        """Files first, then the commit that names them. Files of a commit that lost are removed."""
        written = write(batch, self.warehouse.data_folder(store.id), self.chance.uuid())
        try:
            self.warehouse.commit(pinned, add=written, position=position)
        except BaseException:
            for each in written:
                each.discard()
            raise

    def _pinned(self, store: EventDataStore, family: Family) -> Pinned:
        self.warehouse.table(store.id, family)
        pinned = self.warehouse.pin(store.id)
        if pinned is None:
            raise LookupError(store.id)
        return pinned

    def _position(self, store: EventDataStore, pinned: Pinned | None) -> int:
        """How far the journal is settled for the store: as its table tells, or beyond where nothing was for it."""
        first = min([window.after for window in store.earlier] + [store.position])
        noted = self.storage.begin().get(PROGRESS, store.account, store.region, store.id)
        return max(first, pinned.position if pinned else 0, noted.body.position if noted else 0)

    def _note(self, store: EventDataStore, position: int) -> None:
        transaction = self.storage.begin()
        transaction.put(PROGRESS, store.account, store.region, store.id, Progress(position=position))
        self.storage.commit(transaction).result()

    def _entries(self, after: int, newest: int) -> Iterator[tuple[int, Entry]]:
        while after < newest:
            page = self.storage.journal.read(after, _PAGE)
            if not page:
                return
            for seq, entry in page:
                if seq > newest:
                    return
                yield seq, entry
            after = page[-1][0]

    def _oldest(self, store: EventDataStore) -> float:
        return self.clock() - store.retention_days * _DAY


def naive(seconds: float) -> datetime:
    """A time as the lake's columns have it: UTC, without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _of_days(pinned: Pinned, days: Sequence[date]) -> list[str]:
    """The files that could hold an event of these days."""
    wanted = frozenset(days)
    return [held.path for held in pinned.files if held.day in wanted]
