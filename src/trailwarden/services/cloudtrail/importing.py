"""Imports log files of buckets into event data stores, a batch a turn, on a thread beside the calls.

A batch is stored first (each eventID once, however often that is repeated), then what became of it is noted in one
transaction: a crash between the two has the batch read again, and nothing is lost or doubled.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import msgspec

from trailwarden.clock import Clock, iso
from trailwarden.delivery.progress import settled
from trailwarden.lake import STORE, EventDataStore, Lake
from trailwarden.services.cloudtrail.import_job import (
    FAILURE,
    IMPORT,
    OPEN,
    Failure,
    Import,
    Open,
    failure_name,
    store_key,
)
from trailwarden.services.cloudtrail.import_source import Unreadable, log_files, object_of, source_bucket
from trailwarden.services.cloudtrail.log_records import moment_of, records_in, unpacked
from trailwarden.services.s3.bucket import Bucket
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["Importer"]

_log = logging.getLogger(__name__)

_TICK = 0.2
_FAREWELL = 30.0
_RECORDS, _FILES, _BYTES = 20_000, 500, 128 * 1024 * 1024
_PLACES_TOLD = 10


@dataclass(slots=True)
class _Batch:
    """Files that were read, and their records: `spans` has each file's key and how many of the records are its own."""

    keys: list[str] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    spans: list[tuple[str, int]] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    size: int = 0
    last: bool = False

    @property
    def full(self) -> bool:
        """Whether it is enough for one commit."""
        return len(self.records) >= _RECORDS or len(self.keys) >= _FILES or self.size >= _BYTES


@dataclass(slots=True)
class Importer:
    """Looks for imports that are not done with, and does a batch of each in turn."""

    lake: Lake
    world: Callable[[Transaction], World]
    clock: Clock
    _seen: int = field(default=-1, init=False, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("imports", self.run_once, _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not imported yet is after the next start."""
        self._ticking.stop()

    @property
    def storage(self) -> Storage:
        """Where imports and buckets are."""
        return self.lake.storage

    def run_once(self) -> None:
        """All that there is to import, unless this is to end meanwhile. What could not be done is tried again by the next run."""
        change = self.storage.change()
        if change == self._seen:
            return
        self._seen = -1
        while not self._ticking.ended:
            found = self.storage.begin().list(OPEN)
            if not found:
                self._seen = change
                return
            done = [self._is_done(document) for document in found]
            if not all(done):
                return

    def _is_done(self, document: Document[Open]) -> bool:
        """Whether the import's turn did what it had to: one import's trouble is not the others'."""
        job = self.storage.begin().get(IMPORT, document.account, document.region, document.name)
        try:
            if job is not None and not self._ticking.ended:
                self._turn(job.body)
        except Exception:  # noqa: BLE001 — it stays open
            _log.exception("a turn of the import %s failed", document.name)
            return False
        return True

    def _turn(self, job: Import) -> None:
        """One step of one import. A source that cannot be read at all is a failure of its own."""
        world = self.world(self.storage.begin())
        try:
            bucket, store = source_bucket(world, job), self._store(job)
            if job.status == "INITIALIZING":
                self._count(world, job, bucket)
            else:
                self._advance(world, job, bucket, store)
        except Unreadable as error:
            refused = Failure(key="", type=error.type, message=str(error), updated=self.clock())
            self._note(job, _Batch(failures={"": refused}, last=True), events=0, moved=False)

    def _store(self, job: Import) -> EventDataStore:
        found = self.storage.begin().get(STORE, *store_key(job))
        if found is None or found.body.deletion is not None:
            raise Unreadable("InactiveEventDataStore", f"The event data store {job.store} takes no events.")
        return found.body

    def _count(self, world: World, job: Import, bucket: Bucket) -> None:
        """The folders that hold log files, before the first is read."""
        found = sum(1 for _ in groupby(log_files(world, job, bucket), lambda stored: _folder(stored.key)))

        def work(transaction: Transaction) -> None:
            standing = _standing(transaction, job)
            if standing is not None and standing.status == "INITIALIZING":
                _put(transaction, standing, status="IN_PROGRESS", prefixes_found=found, updated=self.clock())

        settled(self.storage, work)

    def _advance(self, world: World, job: Import, bucket: Bucket, store: EventDataStore) -> None:
        """Failures that are to be tried again first, then what is behind the cursor."""
        again = [key for key in self._retried(job) if key]
        batch = self._read(world, job, bucket, iter(again) if again else _behind(world, job, bucket))
        batch.last = batch.last and not again
        events = 0
        if batch.records:
            appended = self.lake.holding.append(store, batch.records)
            events = appended.stored if again else len(batch.records) - len(appended.refused) - appended.expired
            _tell_refused(batch, appended.refused, self.clock())
        self._note(job, batch, events=events, moved=not again)

    def _retried(self, job: Import) -> Sequence[str]:
        found = self.storage.begin().list(FAILURE, job.account, job.region, prefix=failure_name(job, ""))
        return [each.body.key for each in found if each.body.status == "RETRY"]

    def _read(self, world: World, job: Import, bucket: Bucket, keys: Iterator[str]) -> _Batch:
        batch = _Batch()
        for key in keys:
            batch.keys.append(key)
            try:
                data = unpacked(object_of(world, job, bucket, key))
                records = [record for record in records_in(data) if _is_within(job, record)]
            except (Unreadable, ValueError) as error:
                kind = error.type if isinstance(error, Unreadable) else "InvalidLogFile"
                batch.failures[key] = Failure(key=key, type=kind, message=str(error)[:1_000], updated=self.clock())
            else:
                batch.size += len(data)
                batch.spans.append((key, len(records)))
                batch.records += records
            if batch.full or self._ticking.ended:
                return batch
        batch.last = True
        return batch

    def _note(self, job: Import, batch: _Batch, *, events: int, moved: bool = True) -> None:
        """What became of the batch, unless another node has noted it before."""

        def work(transaction: Transaction) -> None:
            standing = _standing(transaction, job)
            if standing is None or standing.cursor != job.cursor:
                return
            failed = _note_failures(transaction, job, batch, self.clock())
            folders = [job.folder, *map(_folder, batch.keys)] if moved else []
            changed = sum(before != after for before, after in pairwise(folders) if before)
            completed = standing.prefixes_completed + changed + (1 if batch.last and folders and folders[-1] else 0)
            failed += standing.failed
            ended = batch.last and standing.status != "STOPPED"
            _put(
                transaction,
                standing,
                cursor=batch.keys[-1] if batch.keys and moved else standing.cursor,
                folder=("" if batch.last else folders[-1]) if folders else standing.folder,
                prefixes_completed=completed,
                files=standing.files + sum(key not in batch.failures for key, _ in batch.spans),
                events=standing.events + events,
                failed=failed,
                status=("FAILED" if failed else "COMPLETED") if ended else standing.status,
                updated=self.clock(),
            )
            if batch.last:
                transaction.delete(OPEN, job.account, job.region, job.id)

        settled(self.storage, work)


def _standing(transaction: Transaction, job: Import) -> Import | None:
    found = transaction.get(IMPORT, job.account, job.region, job.id)
    return found.body if found is not None else None


def _put(transaction: Transaction, job: Import, **changes: object) -> None:
    transaction.put(IMPORT, job.account, job.region, job.id, msgspec.structs.replace(job, **changes))


def _note_failures(transaction: Transaction, job: Import, batch: _Batch, now: float) -> int:
    """Write what failed and what is mended; gives by how many the failures have become more."""
    more = 0
    mended = [key for key in ("", *batch.keys) if key not in batch.failures]
    for key in mended:
        found = transaction.get(FAILURE, job.account, job.region, failure_name(job, key))
        if found is not None and found.body.status != "SUCCEEDED":
            more -= 1
            succeeded = msgspec.structs.replace(found.body, status="SUCCEEDED", updated=now)
            transaction.put(FAILURE, job.account, job.region, found.name, succeeded)
    for key, failure in batch.failures.items():
        name = failure_name(job, key)
        found = transaction.get(FAILURE, job.account, job.region, name)
        more += 1 if found is None or found.body.status == "SUCCEEDED" else 0
        transaction.put(FAILURE, job.account, job.region, name, failure)
    return more


def _tell_refused(batch: _Batch, refused: Sequence[int], now: float) -> None:
    """A failure for each file that has events without an eventID or a readable eventTime, with their places in it."""
    places: Mapping[str, list[int]] = {key: [] for key, _ in batch.spans}
    wanted, first = iter(refused), 0
    place = next(wanted, None)
    for key, count in batch.spans:
        while place is not None and place < first + count:
            places[key].append(place - first)
            place = next(wanted, None)
        first += count
    for key, found in places.items():
        if found:
            told = ", ".join(map(str, found[:_PLACES_TOLD])) + (", …" if len(found) > _PLACES_TOLD else "")
            reason = f"{len(found)} events have no eventID or no readable eventTime, counted from 0: {told}"
            batch.failures[key] = Failure(key=key, type="InvalidEvent", message=reason, updated=now)


def _behind(world: World, job: Import, bucket: Bucket) -> Iterator[str]:
    return (stored.key for stored in log_files(world, job, bucket, after=job.cursor))


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _is_within(job: Import, record: bytes) -> bool:
    if job.start is None and job.end is None:
        return True
    moment = moment_of(record)
    return (job.start is None or iso(job.start) <= moment) and (job.end is None or moment <= iso(job.end))
