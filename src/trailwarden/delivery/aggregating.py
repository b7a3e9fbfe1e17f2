"""From a trail's data events to its aggregated events: the position and the events move in one transaction.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/aggregating-data-events.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trailwarden.clock import Chance
from trailwarden.delivery.progress import AGGREGATED, Progress, settled
from trailwarden.delivery.selection import selection
from trailwarden.delivery.trail import Trail
from trailwarden.events.aggregates import WINDOW, Summaries, window_of
from trailwarden.storage.ports import Entry, Storage, Transaction

__all__ = ["Aggregator"]

_PAGE = 1_000
_LAG = 30.0
"""How long a window waits for events that are recorded late, in seconds."""


@dataclass(frozen=True, slots=True)
class Aggregator:
    """Reads the journal for trails with aggregations."""

    storage: Storage
    chance: Chance

    def aggregate(self, trail: Trail, now: float) -> None:
        """Record the aggregated events of every window that is over. Raises Conflict, StorageUnavailable.

        What was recorded before aggregation was turned on is not summed up, nor is what was while it was off.
        """
        reader = self.storage.begin()
        document = reader.get(AGGREGATED, trail.account, trail.home_region, trail.handle)
        if not trail.aggregations:
            if document is not None:
                settled(self.storage, lambda transaction: _forget(transaction, trail))
        elif document is None or document.body.position < self.storage.journal.newest():
            settled(self.storage, lambda transaction: self._step(transaction, trail, now))

    def _step(self, transaction: Transaction, trail: Trail, now: float) -> None:
        key = (trail.account, trail.home_region, trail.handle)
        document = transaction.get(AGGREGATED, *key)
        if document is None:
            transaction.put(AGGREGATED, *key, Progress(position=self.storage.journal.newest()))
            return
        select, summaries = selection(trail), Summaries(trail.aggregations)
        start = position = document.body.position
        for position, entry in self._ready(start, window_of(now - _LAG), now):
            if entry.category == "Data" and select(position, entry) is not None:
                summaries.add(entry)
        if position == start:
            return
        transaction.put(AGGREGATED, *key, Progress(position=position))
        for made in summaries.entries(trail.arn, organization=trail.organization, chance=self.chance):
            transaction.append(made)

    def _ready(self, after: int, boundary: float, now: float) -> Iterator[tuple[int, Entry]]:
        """What is over. An event from beyond the present, of a clock that was wrong, holds nothing up."""
        while True:
            page = self.storage.journal.read(after, _PAGE)
            for position, entry in page:
                if boundary <= entry.time <= now + WINDOW:
                    return
                yield position, entry
            if len(page) < _PAGE:
                return
            after = page[-1][0]


def _forget(transaction: Transaction, trail: Trail) -> None:
    transaction.delete(AGGREGATED, trail.account, trail.home_region, trail.handle)
