"""What queues need beside the calls, on a thread of its own: move tasks go on, and what is gone is dropped."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from trailwarden.clock import Clock
from trailwarden.delivery.progress import settled
from trailwarden.services.sqs.message import DEDUPLICATION, MESSAGE, SEQUENCE, Message, alive
from trailwarden.services.sqs.moving import TASK, MoveTask
from trailwarden.services.sqs.queue import GONE, QUEUE, Gone, Queue, queue_of_arn
from trailwarden.services.sqs.redriving import move
from trailwarden.services.world import World
from trailwarden.storage.ports import Conflict, Document, Storage, Transaction
from trailwarden.ticking import Ticking

__all__ = ["QueueUpkeep"]

_TICK = 0.5
_FAREWELL = 10.0
_AT_ONCE = 200
_SWEEP_EVERY = 60.0
_MINUTE = 60.0


@dataclass(slots=True)
class QueueUpkeep:
    """Moves messages for tasks, a few hundred a turn, and drops expired, purged and orphaned ones.

    Where several servers do this, the transactions decide: who comes second finds nothing left to do.
    """

    storage: Storage
    world: Callable[[Transaction], World]
    clock: Clock
    _swept: float = field(init=False, default=0.0, repr=False)
    _ticking: Ticking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ticking = Ticking("sqs", lambda: self.run_once(self.clock()), _TICK, _FAREWELL)

    def start(self) -> None:
        """Begin."""
        self._ticking.start()

    def stop(self) -> None:
        """End; what is not done yet is after the next start."""
        self._ticking.stop()

    def run_once(self, now: float) -> None:
        """A turn of every task that runs; once a minute, a sweep of every queue."""
        for document in self.storage.begin().list(TASK):
            if document.body.status == "RUNNING":
                self._tried(lambda transaction, found=document: self._advance(transaction, found, now))  # type: ignore[misc]  # bound now
        if now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            self.sweep(now)

    def sweep(self, now: float) -> None:
        """Drop messages that are no more, and what told of duplicates for five minutes."""
        reader = self.storage.begin()
        for queue in [each.body for each in reader.list(QUEUE)]:
            self._drop(queue, now)
        for gone in reader.list(GONE):
            self._tried(lambda transaction, found=gone: _forget(transaction, found, now))  # type: ignore[misc]  # bound now

    def _drop(self, queue: Queue, now: float) -> None:
        reader = self.storage.begin()
        messages = reader.list(MESSAGE, queue.account, queue.region, prefix=f"{queue.id}:")
        ended = [each for each in messages if not alive(queue, each.body, now)]
        for start in range(0, len(ended), _AT_ONCE):
            names = [each.name for each in ended[start : start + _AT_ONCE]]
            self._tried(lambda transaction, found=names: _drop_messages(transaction, queue, found))  # type: ignore[misc]  # bound now
        known = reader.list(DEDUPLICATION, queue.account, queue.region, prefix=f"{queue.id}:")
        old = [each.name for each in known if each.body.until <= now]
        if old:
            self._tried(lambda transaction: _drop_known(transaction, queue, old))

    def _tried(self, work: Callable[[Transaction], None]) -> None:
        """Another server's turn came first: it has done the work, or the next turn does."""
        try:
            settled(self.storage, work)
        except Conflict:
            return

    def _advance(self, transaction: Transaction, document: Document[MoveTask], now: float) -> None:
        """One turn of a task: as many messages as its rate allows since it began."""
        standing = transaction.get(TASK, document.account, document.region, document.name)
        if standing is None or standing.body.status != "RUNNING":
            return
        task, world = standing.body, self.world(transaction)
        source = queue_of_arn(transaction, task.source)
        if source is None:
            transaction.delete(TASK, document.account, document.region, document.name)
            return
        allowed = _AT_ONCE if not task.rate else max(0, int((now - task.started + _TICK) * task.rate) - task.moved)
        ended = self._moved(world, source, task, min(allowed, _AT_ONCE), now)
        transaction.put(TASK, document.account, document.region, document.name, ended)

    def _moved(self, world: World, source: Queue, task: MoveTask, most: int, now: float) -> MoveTask:
        moved, waiting = 0, 0
        for document in world.list(MESSAGE, source.account, source.region, prefix=f"{source.id}:"):
            if not alive(source, document.body, now):
                continue
            waiting += 1
            if document.body.visible > now or moved == most:
                continue
            target = queue_of_arn(world.transaction, task.destination or document.body.source)
            if target is None or target.fifo is not source.fifo:
                why = (
                    "CouldNotDetermineMessageSource"
                    if not task.destination
                    else "AWS.SimpleQueueService.NonExistentQueue"
                )
                return msgspec.structs.replace(task, status="FAILED", failure=why, moved=task.moved + moved)
            move(world, _as_new(document), target, source="", now=now)
            moved += 1
        status = "RUNNING" if waiting > moved else "COMPLETED"
        return msgspec.structs.replace(task, status=status, moved=task.moved + moved)


def _as_new(document: Document[Message]) -> Document[Message]:
    """A message that is moved back counts its receipts and its age anew."""
    body = msgspec.structs.replace(document.body, receives=0, first_received=0.0)
    return Document(
        account=document.account,
        region=document.region,
        name=document.name,
        version=document.version,
        change=document.change,
        body=body,
    )


def _drop_messages(transaction: Transaction, queue: Queue, names: list[str]) -> None:
    for name in names:
        document = transaction.get(MESSAGE, queue.account, queue.region, name)
        if document is not None:
            transaction.delete(MESSAGE, queue.account, queue.region, name)
            transaction.discard(document.body.blob)


def _drop_known(transaction: Transaction, queue: Queue, names: list[str]) -> None:
    for name in names:
        transaction.delete(DEDUPLICATION, queue.account, queue.region, name)


def _forget(transaction: Transaction, document: Document[Gone], now: float) -> None:
    """Some hundred messages of a queue that was deleted; at last the queue's own memory."""
    place, prefix = (document.account, document.region), f"{document.body.id}:"
    messages = transaction.list(MESSAGE, *place, prefix=prefix, limit=_AT_ONCE)
    for message in messages:
        transaction.delete(MESSAGE, *place, message.name)
        transaction.discard(message.body.blob)
    if len(messages) < _AT_ONCE and now - document.body.deleted > _MINUTE:
        for known in transaction.list(DEDUPLICATION, *place, prefix=prefix):
            transaction.delete(DEDUPLICATION, *place, known.name)
        for task in transaction.list(TASK, *place, prefix=prefix):
            transaction.delete(TASK, *place, task.name)
        transaction.delete(SEQUENCE, *place, document.body.id)
        transaction.delete(GONE, *place, document.name)
