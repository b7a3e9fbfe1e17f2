"""The worker of the buses, on a thread of its own: reads recorded calls, keeps schedules, replays, delivers."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from trailwarden.clock import Clock
from trailwarden.delivery.progress import settled
from trailwarden.services.eventbridge.archive import ARCHIVE, ARCHIVED, Archived
from trailwarden.services.eventbridge.clockwork import due_rules, tick
from trailwarden.services.eventbridge.delivery import DELIVERY, Delivery
from trailwarden.services.eventbridge.replays import REPLAY, RUNNING, advance
from trailwarden.services.eventbridge.sending import send, to_dead_letters
from trailwarden.services.eventbridge.trails import RecordedCalls
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict, Document, Storage, StorageUnavailable, Transaction
from trailwarden.ticking import Ticking

__all__ = ["Carrier"]

_log = logging.getLogger(__name__)

_TICK = 0.25
_FAREWELL = 10.0
_AT_ONCE = 200
_SWEEP_EVERY = 60.0
_DAY = 86_400.0
_RETRIES, _AGE = 185, 86_400
_LONGEST_PAUSE, _DOUBLINGS = 900.0, 10
_INTERNAL = "INTERNAL_ERROR"
_RETRIED = frozenset({_INTERNAL, "THROTTLING"})


@dataclass(slots=True)
class Carrier:
    """Brings events to the targets of rules, each in the transaction that forgets the delivery: so each comes once.

    Several servers may do this at once: who comes second finds the delivery gone.
    """

    storage: Storage
    world: Callable[[Transaction], World]
    clock: Clock
    _recorded: RecordedCalls = field(init=False, repr=False)
    _swept: float = field(init=False, default=0.0, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._recorded = RecordedCalls(self.storage, self.world)
        self._ticking = Ticking("events", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin; records made from now on are read, or those behind where it was stopped."""
        self._recorded.begin()
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not delivered yet is after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """One turn of everything."""
        self._recorded.begin()
        self._recorded.read_on()
        reader = self.storage.begin()
        for rule in due_rules(reader, now):
            self._tried(lambda transaction, found=rule: tick(self.world(transaction), found))  # type: ignore[misc]  # bound now
        for replay in reader.list(REPLAY):
            if replay.body.state in RUNNING:
                self._tried(lambda transaction, found=replay.body: advance(self.world(transaction), found))  # type: ignore[misc]  # bound now
        self._deliver(now)
        if now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            self._sweep(now)
            self._recorded.note()

    def _deliver(self, now: float) -> None:
        due = [each for each in self.storage.begin().list(DELIVERY) if each.body.due <= now]
        for document in due[:_AT_ONCE]:
            if self._ticking.ended:
                return
            try:
                self._tried(lambda transaction, found=document: self._carry(transaction, found))  # type: ignore[misc]  # bound now
            except StorageUnavailable:
                raise
            except Exception:  # noqa: BLE001 — one target's trouble is not the others'
                _log.exception("a delivery for %s failed", document.body.rule_arn)
                self._tried(lambda transaction, found=document: self._fail(transaction, found, _INTERNAL))  # type: ignore[misc]  # bound now

    def _tried(self, work: Callable[[Transaction], None]) -> None:
        """Another server's turn came first: it has done the work, or the next turn does."""
        try:
            settled(self.storage, work)
        except Conflict:
            return

    def _carry(self, transaction: Transaction, document: Document[Delivery]) -> None:
        if not _stands(transaction, document):
            return
        world = self.world(transaction)
        code = send(world, document.body, document.account)
        if code:
            self._fail(transaction, document, code)
        else:
            transaction.delete(DELIVERY, document.account, document.region, document.name)

    def _fail(self, transaction: Transaction, document: Document[Delivery], code: str) -> None:
        """Try again later what may succeed, within the target's retry policy; all else is lost, or a dead letter.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
        """
        if not _stands(transaction, document):
            return
        world, delivery = self.world(transaction), document.body
        policy = delivery.target.get("RetryPolicy") or {}
        exhausted = _exhausted(delivery, policy, world.now)
        if code in _RETRIED and not exhausted:
            pause = min(2.0 ** min(delivery.attempts, _DOUBLINGS), _LONGEST_PAUSE)
            again = msgspec.structs.replace(delivery, attempts=delivery.attempts + 1, due=world.now + pause)
            transaction.put(DELIVERY, document.account, document.region, document.name, again)
            return
        to_dead_letters(world, delivery, document.account, code, exhausted)
        transaction.delete(DELIVERY, document.account, document.region, document.name)

    def _sweep(self, now: float) -> None:
        """Drop archived events whose archive is gone, or that it does not keep any longer."""
        reader = self.storage.begin()
        archives = {each.body.id: each.body for each in reader.list(ARCHIVE)}
        old: list[Document[Archived]] = []
        for document in reader.list(ARCHIVED):
            archive = archives.get(document.name.partition(":")[0])
            if archive is None or (archive.days and document.body.kept + archive.days * _DAY <= now):
                old.append(document)
        for start in range(0, len(old), _AT_ONCE):
            part = old[start : start + _AT_ONCE]
            self._tried(lambda transaction, found=part: _drop(transaction, found))  # type: ignore[misc]  # bound now


def _drop(transaction: Transaction, found: list[Document[Archived]]) -> None:
    for each in found:
        standing = transaction.get(ARCHIVED, each.account, each.region, each.name)
        if standing is not None:
            transaction.delete(ARCHIVED, each.account, each.region, each.name)
            transaction.discard(standing.body.blob)


def _stands(transaction: Transaction, document: Document[Delivery]) -> bool:
    standing = transaction.get(DELIVERY, document.account, document.region, document.name)
    return standing is not None and standing.version == document.version


def _exhausted(delivery: Delivery, policy: dict[str, int], now: float) -> str:
    """Which bound of the retry policy is reached, "" for none."""
    if delivery.attempts >= policy.get("MaximumRetryAttempts", _RETRIES):
        return "MaximumRetryAttempts"
    if now - delivery.created >= policy.get("MaximumEventAgeInSeconds", _AGE):
        return "MaximumEventAgeInSeconds"
    return ""
