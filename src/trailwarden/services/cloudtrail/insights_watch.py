"""Counts recorded calls by the minute beside the calls themselves, and records what is unusual as Insights events.

What was read of the journal, what was counted and the events that follow from it become durable together, so that
several servers neither count twice nor tell twice.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
"""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from isal import igzip

from trailwarden.clock import Chance, Clock
from trailwarden.delivery.progress import settled
from trailwarden.events.insights import Happening, Normal, Observed, Rules, Series, Slot, observe
from trailwarden.services.cloudtrail.insights_points import add_points, drop_points
from trailwarden.services.cloudtrail.insights_wanted import Wanted, wanted_by
from trailwarden.storage.ports import Entry, Kind, Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["WATCH", "InsightsWatch", "Watch"]

_PAGE = 1_000
_FAREWELL = 10.0
_TICKS = 4
_SHORTEST_TICK, _LONGEST_TICK = 0.2, 15.0
_NAME = "insights"
_HOUR = 3_600.0

Slots = dict[float, dict[Series, Observed]]
"""What was counted, by the beginning of each slot."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Where the book lies, and up to which slot it goes. One key for all accounts."""

    blob: str
    boundary: float


WATCH = Kind("cloudtrail.insights-watch", Watch)


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """For one owner: since when calls are counted, and since when Insights are on."""

    counted: float
    judged: float


class Book(msgspec.Struct, kw_only=True):
    """What is remembered from run to run: how far the journal is read, up to which slot, and what is normal.

    `begun` is by owner (see `Wanted`), `organizations` by account, `series` by the series' parts, one a line.
    """

    position: int = 0
    boundary: float = 0.0
    begun: dict[str, Begun] = msgspec.field(default_factory=dict)
    organizations: dict[str, str] = msgspec.field(default_factory=dict)
    series: dict[str, Normal] = msgspec.field(default_factory=dict)

    def owner(self, series: Series) -> str:
        """For whom a series is counted, "" where for nobody any more."""
        organization = self.organizations.get(series.account, "")
        wanted = (series.trail,) if series.trail else (series.account, organization)
        return next((owner for owner in wanted if owner in self.begun), "")

    def forget_all_but(self, wanted: Wanted) -> None:
        """Owners whose Insights are off are forgotten; what is open for them ends unsaid."""
        self.begun = {owner: begun for owner, begun in self.begun.items() if owner in wanted.owners}
        self.series = {key: normal for key, normal in self.series.items() if self.owner(_opened(key))}


_book = msgspec.msgpack.Decoder(Book)


@dataclass(slots=True)
class InsightsWatch:
    """Reads the journal for whoever has Insights on; costs nothing where nobody has."""

    storage: Storage
    clock: Clock
    chance: Chance
    rules: Rules = field(default_factory=Rules)
    _swept: float = field(init=False, default=0.0, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tick = max(_SHORTEST_TICK, min(self.rules.slot / _TICKS, _LONGEST_TICK))
        self._ticking = Ticking("insights", lambda: self.run_once(self.clock()), tick, _FAREWELL)

    def start(self) -> None:
        """Begin."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not counted yet is after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """Count every slot that is over at `now`, and record the Insights events that follow."""
        boundary = self.rules.begins(now - self.rules.settled)
        reader = self.storage.begin()
        if wanted_by(reader).owners:
            settled(self.storage, lambda transaction: self._step(transaction, boundary, now))
        elif reader.get(WATCH, "", "", _NAME) is not None:
            settled(self.storage, _forget)
        if now - self._swept >= _HOUR:
            self._swept = now
            settled(self.storage, lambda transaction: drop_points(transaction, now))

    def _step(self, transaction: Transaction, boundary: float, now: float) -> None:
        document = transaction.get(WATCH, "", "", _NAME)
        if document and document.body.boundary >= boundary:
            return
        book = _opened_book(self.storage.fetch(document.body.blob)) if document else Book()
        wanted = wanted_by(transaction)
        book.forget_all_but(wanted)
        counted = self._counted(book, wanted, boundary, now)
        for happening in self._happened(book, counted, boundary):
            organization = book.organizations.get(happening.series.account, "")
            for entry in wanted.told(happening, organization, self.chance):
                transaction.append(entry)
        book.boundary = boundary
        add_points(transaction, self.storage, counted)
        blob = transaction.store(igzip.compress(msgspec.msgpack.encode(book), compresslevel=1, mtime=0))
        transaction.put(WATCH, "", "", _NAME, Watch(blob=blob, boundary=boundary))
        if document:
            transaction.discard(document.body.blob)

    def _counted(self, book: Book, wanted: Wanted, boundary: float, now: float) -> Slots:
        """What the journal holds behind the book's position, and for owners that are new what it holds of the baseline's time."""
        counted: Slots = {}
        standing = frozenset(book.begun)
        new = wanted.owners - standing
        if new:
            oldest = boundary - self.rules.baseline
            start = self._position_at(oldest)
            first = self.storage.journal.read(start, 1)
            since = max(oldest, first[0][1].time) if first else boundary
            book.begun.update(dict.fromkeys(new, Begun(self.rules.begins(since), boundary)))
            if not standing:
                book.position = start
            else:
                self._count(book, wanted, counted, new, self._entries(start, book.position), standing)
        ready = self._ready(book, boundary, now)
        self._count(book, wanted, counted, wanted.owners, ready)
        return counted

    def _count(
        self,
        book: Book,
        wanted: Wanted,
        counted: Slots,
        owners: frozenset[str],
        entries: Iterator[tuple[int, Entry]],
        counted_before: frozenset[str] = frozenset(),
    ) -> None:
        """Those of the `owners`; management events of organizations `counted_before` are counted already."""
        for position, entry in entries:
            for each in wanted.counted(position, entry):
                if each.owner not in owners or (not each.series.trail and entry.organization in counted_before):
                    continue
                slot = counted.setdefault(self.rules.begins(entry.time), {})
                slot.setdefault(each.series, Observed()).add(each.values)
                book.organizations[entry.account] = entry.organization

    def _ready(self, book: Book, boundary: float, now: float) -> Iterator[tuple[int, Entry]]:
        """What is over. An event from beyond the present, of a clock that was wrong, holds nothing up."""
        for position, entry in self._entries(book.position, self.storage.journal.newest()):
            if boundary <= entry.time <= now + self.rules.slot:
                return
            book.position = position
            yield position, entry

    def _entries(self, after: int, until: int) -> Iterator[tuple[int, Entry]]:
        while after < until:
            page = self.storage.journal.read(after, _PAGE)
            if not page:
                return
            for position, entry in page:
                if position > until:
                    return
                yield position, entry
            after = page[-1][0]

    def _position_at(self, time: float) -> int:
        """A position of the journal behind which everything of that time and later stands, found by halving."""
        low, high = 0, self.storage.journal.newest()
        while low < high:
            middle = (low + high) // 2
            page = self.storage.journal.read(middle, 1)
            if page and page[0][1].time < time:
                low = min(max(middle + 1, page[0][0]), high)
            else:
                high = middle
        return low

    def _happened(
        self, book: Book, counted: Mapping[float, Mapping[Series, Observed]], boundary: float
    ) -> list[Happening]:
        happened: list[Happening] = []
        for time in sorted(counted):
            for series, observed in counted[time].items():
                begun = book.begun.get(book.owner(series))
                if begun is None:
                    continue  # the account has left the organization meanwhile
                slot = Slot(
                    time=time,
                    observed=observed,
                    since=begun.counted,
                    judged=time >= max(begun.judged, book.boundary),
                    fresh=self.chance.uuid(),
                )
                normal = book.series.setdefault("\n".join(series), Normal())
                happened += observe(normal, series, slot, self.rules)
        for key, normal in list(book.series.items()):
            happened += observe(normal, _opened(key), Slot(time=boundary, observed=Observed()), self.rules)
            normal.drop_before(boundary - self.rules.baseline, self.rules)
            if not normal.segments and normal.open is None:
                del book.series[key]
        return happened


def _forget(transaction: Transaction) -> None:
    """Nobody has Insights on any more."""
    document = transaction.get(WATCH, "", "", _NAME)
    if document is not None:
        transaction.delete(WATCH, "", "", _NAME)
        transaction.discard(document.body.blob)


def _opened_book(data: bytes) -> Book:
    return _book.decode(gzip.decompress(data))


def _opened(key: str) -> Series:
    return Series(*key.split("\n"))
