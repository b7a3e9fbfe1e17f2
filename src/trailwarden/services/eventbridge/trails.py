"""CloudTrail's side of the default buses: recorded calls become events.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from trailwarden.clock import iso
from trailwarden.delivery.progress import Progress
from trailwarden.delivery.selection import Selection, selection
from trailwarden.delivery.trail import TRAIL
from trailwarden.events.insights import DATA, MANAGEMENT
from trailwarden.services.eventbridge.archive import ARCHIVE
from trailwarden.services.eventbridge.bus import DEFAULT, bus_at
from trailwarden.services.eventbridge.routing import route
from trailwarden.services.eventbridge.rule import ALL_READS, RULE, Rule
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict, Entry, Kind, Reader, Storage, Transaction

__all__ = ["READ", "RecordedCalls"]

_PAGE = 500
_LARGEST = 262_144
_LONG_WAY = 1_000
_ATTEMPTS = 10
_NAME = "cloudtrail"
_TYPES: Mapping[str, str] = {
    "AwsApiCall": "AWS API Call via CloudTrail",
    "AwsConsoleAction": "AWS Console Action via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsCloudTrailInsight": "AWS Insight via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}
_READS = ("Get", "List", "Describe")
_CHANGES = frozenset({"GetFederationToken", "GetSessionToken"})
"""Calls of STS that go as changes though their names say otherwise."""

READ = Kind("events.cloudtrail-read", Progress)
"""How far the journal is read, under one key for all accounts."""


@dataclass(slots=True)
class RecordedCalls:
    """Reads the journal, and puts what it finds onto the default bus of the account and Region of each record.

    What is read and what is handed on become durable together. Records without a rule that wants them cost no write.
    """

    storage: Storage
    world: Callable[[Transaction], World]
    _position: int = field(init=False, default=0)

    def begin(self) -> None:
        """Where nothing was read yet, begin with what is recorded from now on."""
        if self.storage.begin().get(READ, "", "", _NAME) is not None:
            return
        transaction = self.storage.begin()
        transaction.put(READ, "", "", _NAME, Progress(position=self.storage.journal.newest()))
        self._commit(transaction)

    def read_on(self) -> None:
        """All records behind the position."""
        while self._step():
            continue

    def note(self) -> None:
        """Remember a position that has gone on a long way without anything to hand on, so that a start has less to read."""
        transaction = self.storage.begin()
        document = transaction.get(READ, "", "", _NAME)
        if document is not None and document.body.position + _LONG_WAY < self._position:
            transaction.put(READ, "", "", _NAME, Progress(position=self._position))
            self._commit(transaction)

    def _step(self) -> bool:
        """One page; whether there may be another."""
        newest = self.storage.journal.newest()
        if not _places(self.storage.begin()):
            self._position = max(self._position, newest)  # whatever rule comes now, it comes behind these records
            return False
        for _ in range(_ATTEMPTS):
            transaction = self.storage.begin()
            document = transaction.get(READ, "", "", _NAME)
            position = max(self._position, document.body.position if document else 0)
            page = self.storage.journal.read(position, _PAGE)
            if not page:
                return False
            newest = page[-1][0]
            if self._put(transaction, page):
                transaction.put(READ, "", "", _NAME, Progress(position=newest))
                if not self._commit(transaction):
                    continue
            self._position = newest
            return len(page) == _PAGE
        return False

    def _commit(self, transaction: Transaction) -> bool:
        """Whether it became durable; else another server was first, or what was read has changed."""
        try:
            self.storage.commit(transaction).result()
        except Conflict:
            return False
        return True

    def _put(self, transaction: Transaction, page: Sequence[tuple[int, Entry]]) -> int:
        """Hand the records of a page to rules and archives; gives to how many."""
        places = _places(transaction)
        wanted = [(number, entry) for number, entry in page if (entry.account, entry.region) in places]
        if not wanted:
            return 0
        world, trails = self.world(transaction), _trails(transaction)
        return sum(_handed(world, number, entry, trails) for number, entry in wanted)


def _places(reader: Reader) -> set[tuple[str, str]]:
    """Accounts and Regions where the default bus has rules or archives."""
    found = {(each.account, each.region) for each in reader.list(RULE) if each.body.bus == DEFAULT}
    return found | {
        (each.account, each.region) for each in reader.list(ARCHIVE) if each.body.source.endswith("/default")
    }


def _trails(reader: Reader) -> list[Selection]:
    return [selection(each.body) for each in reader.list(TRAIL) if each.body.logging]


def _handed(world: World, number: int, entry: Entry, trails: Sequence[Selection]) -> int:
    """Data events and insights go only where a trail logs them; aggregated events and what is too large go nowhere."""
    if len(entry.record) > _LARGEST or entry.category == "Aggregated":
        return 0
    if entry.category != "Management" and not any(select(number, entry) for select in trails):
        return 0
    bus = bus_at(world.transaction, entry.account, entry.region, DEFAULT)
    if bus is None:
        return 0
    record = msgspec.json.decode(entry.record)
    event = _event(world, entry, record)
    return route(world, bus, event, admits=lambda rule: _admitted(rule, entry), hops=(bus.arn,), seen=entry.time)


def _admitted(rule: Rule, entry: Entry) -> bool:
    """Calls that only read go to rules that ask for them; and no rule hears of what was before it."""
    if entry.time < rule.since - 1.0:
        return False
    reads = entry.category == "Management" and entry.read_only
    named = entry.name.startswith(_READS) and entry.name not in _CHANGES
    return rule.state == ALL_READS or not (reads and named)


def _source(entry: Entry) -> str:
    """The service called; an insight is CloudTrail's own.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    service = "cloudtrail" if entry.category in {MANAGEMENT, DATA} else entry.source.removesuffix(".amazonaws.com")
    return f"aws.{service}"


def _event(world: World, entry: Entry, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": world.chance.uuid(),
        "detail-type": _TYPES.get(record.get("eventType", ""), _TYPES["AwsApiCall"]),
        "source": _source(entry),
        "account": entry.account,
        "time": record.get("eventTime") or iso(entry.time),
        "region": entry.region,
        "resources": [],
        "detail": record,
    }
