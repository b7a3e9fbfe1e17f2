"""Receive messages: what is visible, in order where the queue has one, waiting for it if the caller likes."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.encryption import demand_key
from trailwarden.services.sqs.errors import InvalidParameterValue, OverLimit
from trailwarden.services.sqs.handles import handle_of
from trailwarden.services.sqs.message import (
    MESSAGE,
    Content,
    Message,
    alive,
    digest_of_attributes,
    digest_of_body,
    unpacked,
)
from trailwarden.services.sqs.queue import Queue, find_queue, queue_of_arn
from trailwarden.services.sqs.redriving import bury
from trailwarden.services.world import World
from trailwarden.storage.ports import Document, Reader

__all__ = ["messages_of", "receive_message"]

_PAGE = 200
_INFLIGHT_MAX = 120_000
_RECEIPT_BYTES = 24
_BOUNDS: Mapping[str, tuple[int, int, str]] = {
    "MaxNumberOfMessages": (1, 10, "Must be between 1 and 10, if provided."),
    "WaitTimeSeconds": (0, 20, "Must be >= 0 and <= 20, if provided."),
    "VisibilityTimeout": (0, 43_200, "Must be >= 0 and <= 43200, if provided."),
}


@operation("sqs:ReceiveMessage")
def receive_message(call: Call, world: World) -> Mapping[str, Any]:
    """Give up to ten messages that are visible, and hide them for the visibility timeout.

    A message that was received too often goes to the dead-letter queue instead. Without any, the call waits up to
    WaitTimeSeconds: it is run again until then.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    queue = find_queue(call, world)
    for name, (low, high, reason) in _BOUNDS.items():
        value = call.params.get(name)
        if value is not None and not low <= value <= high:
            raise InvalidParameterValue(reason=f"Value {value} for parameter {name} is invalid. Reason: {reason}")
    demand_key(call, world, queue, sending=False)
    found, buried = _taken(call, world, queue)
    if not found and not buried:
        call.wait(call.params.get("WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds", 0)))
    return {"Messages": found} if found else {}


def messages_of(reader: Reader, queue: Queue) -> Iterator[Document[Message]]:
    """All messages of a queue in order, read a page at a time."""
    after = ""
    while True:
        page = reader.list(MESSAGE, queue.account, queue.region, prefix=f"{queue.id}:", after=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].name


def _taken(call: Call, world: World, queue: Queue) -> tuple[list[dict[str, Any]], bool]:
    """Take messages into flight; and whether any became a dead letter, which must not wait.

    Looks for them in what is committed, and reads in the transaction only those it takes.
    """
    wanted, buried = call.params.get("MaxNumberOfMessages", 1), False
    taken: list[dict[str, Any]] = []
    timeout = call.params.get("VisibilityTimeout", queue.number("VisibilityTimeout", 30))
    for seen in _candidates(world.storage.begin(), queue, call.now):
        document = world.transaction.get(MESSAGE, queue.account, queue.region, seen.name)
        if document is None or document.body.visible > call.now:
            continue
        content = _opened(world, document.body)
        if content is None:
            continue
        if _buried(call, world, queue, document):
            buried = True
            continue
        taken.append(_received(call, world, document, content, timeout))
        if len(taken) == wanted:
            break
    return taken, buried


def _candidates(reader: Reader, queue: Queue, now: float) -> Iterator[Document[Message]]:
    """Visible messages; in a FIFO queue a message in flight, or not due yet, holds up those of its group behind it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
    """
    held: set[str] = set()
    hidden = 0
    for document in messages_of(reader, queue):
        message = document.body
        if not alive(queue, message, now):
            continue
        if message.visible > now:
            held.add(message.group)
            hidden += message.receives > 0
            if hidden >= _INFLIGHT_MAX:
                raise OverLimit(reason="Too many messages are in flight: the limit is 120000.")
        elif not (queue.fifo and message.group in held):
            yield document


def _opened(world: World, message: Message) -> Content | None:
    """What was sent; None where another call has just dropped it, so that this transaction will not commit with it."""
    try:
        return unpacked(world.storage.fetch(message.blob))
    except LookupError:
        return None


def _buried(call: Call, world: World, queue: Queue, document: Document[Message]) -> bool:
    """Whether the message went to the dead-letter queue, having been received too often already."""
    redrive = queue.redrive
    if redrive is None or document.body.receives < redrive.most:
        return False
    target = queue_of_arn(world.transaction, redrive.target)
    return target is not None and bury(world, queue, document, target, now=call.now)


def _received(call: Call, world: World, document: Document[Message], content: Content, timeout: int) -> dict[str, Any]:
    receipt = world.chance.bytes(_RECEIPT_BYTES).hex()
    message = msgspec.structs.replace(
        document.body,
        receives=document.body.receives + 1,
        first_received=document.body.first_received or call.now,
        visible=call.now + timeout,
        receipt=receipt,
    )
    world.put(MESSAGE, document.account, document.region, document.name, message)
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": handle_of(document.name, receipt),
        "MD5OfBody": digest_of_body(content.body),
        "Body": content.body,
    }
    system = _system(message, content)
    asked = {*call.params.get("AttributeNames", ()), *call.params.get("MessageSystemAttributeNames", ())}
    attributes = system if "All" in asked else {name: value for name, value in system.items() if name in asked}
    if attributes:
        shown["Attributes"] = attributes
    chosen = _chosen(content.attributes, call.params.get("MessageAttributeNames", ()))
    if chosen:
        shown["MessageAttributes"] = {name: _value(*value) for name, value in chosen.items()}
        shown["MD5OfMessageAttributes"] = digest_of_attributes(chosen)
    return shown


def _system(message: Message, content: Content) -> dict[str, str]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html (MessageSystemAttributeNames)."""
    told = {
        "SenderId": message.sender,
        "SentTimestamp": _milliseconds(message.sent),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received),
        "MessageGroupId": message.group,
        "MessageDeduplicationId": message.deduplication,
        "SequenceNumber": message.sequence,
        "DeadLetterQueueSourceArn": message.source,
        **{name: value for name, (_, value) in content.system.items()},
    }
    return {name: value for name, value in told.items() if value}


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _chosen(attributes: Mapping[str, tuple[str, str]], names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Attributes by name, by `prefix.*`, or all of them."""
    if any(name in {"All", ".*", "*"} for name in names):
        return dict(attributes)
    prefixes = tuple(name[:-1] for name in names if name.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in names or (prefixes and (name.startswith(prefixes) or f"{name}." in prefixes))
    }


def _value(type_: str, text: str) -> dict[str, Any]:
    if type_.startswith("Binary"):
        return {"DataType": type_, "BinaryValue": base64.b64decode(text)}
    return {"DataType": type_, "StringValue": text}
