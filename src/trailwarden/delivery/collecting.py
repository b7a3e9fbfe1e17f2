"""From the journal to prepared log files: the trail's position and the files move in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trailwarden.clock import Chance
from trailwarden.delivery.logfile import LARGEST, file_name, log_file
from trailwarden.delivery.progress import PREPARED, PROGRESS, Prepared, Progress, settled
from trailwarden.delivery.selection import Selection, selection
from trailwarden.delivery.trail import Trail
from trailwarden.storage.ports import Entry, Storage, Transaction

__all__ = ["Collector"]

_PAGE = 1_000
_MOST_EVENTS = 50_000
_MICROSECONDS = 1_000_000

Group = tuple[str, str, str]
"""Account, region and kind: what goes into one file."""


@dataclass(slots=True)
class _Batch:
    """Events read on the way to the next commit."""

    position: int
    files: dict[Group, list[list[Entry]]] = field(default_factory=dict)
    sizes: dict[Group, int] = field(default_factory=dict)
    count: int = 0
    size: int = 0
    done: bool = False

    @property
    def full(self) -> bool:
        return self.done or self.count >= _MOST_EVENTS or self.size >= LARGEST

    def take(self, group: Group, entry: Entry) -> None:
        """Put the event into its group's file, or into a new one where that is full."""
        length = len(entry.record) + 1
        files = self.files.setdefault(group, [[]])
        size = self.sizes.get(group, _BRACKETS)
        if size + length > LARGEST:
            files.append([])
            size = _BRACKETS
        files[-1].append(entry)
        self.sizes[group] = size + length
        self.count += 1
        self.size += length


_BRACKETS = len('{"Records":[]}')


@dataclass(frozen=True, slots=True)
class Collector:
    """Reads the journal for trails."""

    storage: Storage
    chance: Chance

    def collect(self, trail: Trail, now: float) -> None:
        """Prepare the log files of everything behind the trail's position. Raises Conflict, StorageUnavailable."""
        if trail.started is None or self._read_already(trail):
            return
        while not settled(self.storage, lambda transaction: self._step(transaction, trail, now)):
            continue

    def _read_already(self, trail: Trail) -> bool:
        document = self.storage.begin().get(PROGRESS, trail.account, trail.home_region, trail.handle)
        return document is not None and document.body.position >= self.storage.journal.newest()

    def _step(self, transaction: Transaction, trail: Trail, now: float) -> bool:
        """One transaction; whether the journal's end is reached."""
        key = (trail.account, trail.home_region, trail.handle)
        document = transaction.get(PROGRESS, *key)
        progress = document.body if document else Progress(position=trail.position)
        batch = self._read(progress.position, selection(trail))
        if document is None or batch.position != progress.position:
            moved = Progress(position=batch.position, late_end=progress.late_end)
            transaction.put(PROGRESS, *key, moved)
        for number, (group, entries) in enumerate(_flat(batch)):
            account, region, _ = group
            name = f"{trail.handle}/{int(now * _MICROSECONDS):017d}-{batch.position:012d}-{number:04d}"
            transaction.put(PREPARED, account, region, name, self._prepared(transaction, trail, group, entries, now))
        return batch.done

    def _read(self, position: int, select: Selection) -> _Batch:
        batch = _Batch(position)
        while not batch.full:
            page = self.storage.journal.read(batch.position, _PAGE)
            batch.done = len(page) < _PAGE
            for number, entry in page:
                batch.position = number
                kind = select(number, entry)
                if kind is not None:
                    batch.take((entry.account, entry.region, kind), entry)
        return batch

    def _prepared(
        self, transaction: Transaction, trail: Trail, group: Group, entries: Sequence[Entry], now: float
    ) -> Prepared:
        account, region, kind = group
        file = log_file(entries)
        return Prepared(
            type="log",
            name=file_name(trail, kind=kind, account=account, region=region, now=now, chance=self.chance),
            blob=transaction.store(file.data),
            hash=file.hash,
            created=now,
            newest=max(entry.time for entry in entries),
            oldest=min(entry.time for entry in entries),
            validated=trail.log_file_validation,
        )


def _flat(batch: _Batch) -> Iterator[tuple[Group, list[Entry]]]:
    for group, files in batch.files.items():
        for entries in files:
            yield group, entries
