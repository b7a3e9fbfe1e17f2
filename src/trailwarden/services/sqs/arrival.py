"""How a message comes into a queue, whoever sends it: a client, a topic, a rule, another queue."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from trailwarden.services.sqs.message import (
    DEDUPLICATION,
    MESSAGE,
    SEQUENCE,
    Content,
    Deduplication,
    Message,
    Sequence,
    packed,
    size_of,
)
from trailwarden.services.sqs.queue import Queue
from trailwarden.storage.ports import Transaction

__all__ = ["Arrived", "arrive", "order_key"]

_MICROSECONDS = 1_000_000
_FIRST_SEQUENCE = 18_800_000_000_000_000_000
_FIVE_MINUTES = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What the sender is told."""

    id: str
    sequence: str = ""


def arrive(  # noqa: PLR0913 — a message is all of this
    into: Transaction,
    queue: Queue,
    content: Content,
    *,
    message_id: str,
    sender: str,
    now: float,
    delay: float | None = None,
    group: str = "",
    deduplication: str = "",
) -> Arrived:
    """Keep a message. In a FIFO queue one that was sent within five minutes is accepted again, and not kept again.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
    """
    if queue.fifo and not deduplication:
        deduplication = hashlib.sha256(content.body.encode()).hexdigest()
    standing = _standing(into, queue, group, deduplication, now) if queue.fifo else None
    if standing is not None:
        return Arrived(id=standing.message, sequence=standing.sequence)
    sequence = _next_sequence(into, queue) if queue.fifo else ""
    wait = queue.number("DelaySeconds", 0) if delay is None else delay
    message = Message(
        id=message_id,
        blob=into.store(packed(content)),
        size=size_of(content),
        sent=now,
        kept_from=now,
        visible=now + wait,
        sender=sender,
        group=group,
        deduplication=deduplication if queue.fifo else "",
        sequence=sequence,
    )
    into.put(MESSAGE, queue.account, queue.region, order_key(queue, message), message)
    if queue.fifo:
        kept = Deduplication(message=message_id, sequence=sequence, until=now + _FIVE_MINUTES)
        into.put(DEDUPLICATION, queue.account, queue.region, _deduplication_key(queue, group, deduplication), kept)
    return Arrived(id=message_id, sequence=sequence)


def order_key(queue: Queue, message: Message) -> str:
    """Where a message stands among those of its queue: by sequence, else by when it came."""
    order = message.sequence or f"{int(message.kept_from * _MICROSECONDS):017d}-{message.id}"
    return f"{queue.id}:{order}"


def _standing(into: Transaction, queue: Queue, group: str, deduplication: str, now: float) -> Deduplication | None:
    key = _deduplication_key(queue, group, deduplication)
    found = into.get(DEDUPLICATION, queue.account, queue.region, key)
    return found.body if found is not None and found.body.until > now else None


def _deduplication_key(queue: Queue, group: str, deduplication: str) -> str:
    """High throughput queues look for duplicates within a group.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
    """
    attributes: Mapping[str, str] = queue.attributes
    scope = group if attributes.get("DeduplicationScope") == "messageGroup" else ""
    return f"{queue.id}:{scope}:{deduplication}"


def _next_sequence(into: Transaction, queue: Queue) -> str:
    found = into.get(SEQUENCE, queue.account, queue.region, queue.id)
    count = (found.body.count if found else 0) + 1
    into.put(SEQUENCE, queue.account, queue.region, queue.id, Sequence(count=count))
    return str(_FIRST_SEQUENCE + count * 256)
