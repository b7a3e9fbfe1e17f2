"""Send messages, one or a batch."""

import re
from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.arrival import arrive
from trailwarden.services.sqs.batches import each_entry, entries_of
from trailwarden.services.sqs.encryption import demand_key
from trailwarden.services.sqs.errors import BatchRequestTooLong, InvalidParameterValue, MissingRequiredParameter
from trailwarden.services.sqs.message import (
    Content,
    checked_attributes,
    checked_body,
    digest_of_attributes,
    digest_of_body,
    size_of,
)
from trailwarden.services.sqs.queue import Queue, find_queue
from trailwarden.services.world import World

__all__ = ["send_message", "send_message_batch"]

_BATCH_MAX = 1_048_576
_DELAY_MAX = 900
_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
_ID_RULE = "{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
_TRACE = "AWSTraceHeader"


@operation("sqs:SendMessage")
def send_message(call: Call, world: World) -> Mapping[str, Any]:
    """Put a message into a queue: up to 1 MiB with its attributes.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    queue = find_queue(call, world)
    demand_key(call, world, queue, sending=True)
    return _accepted(call, world, queue, call.params)


@operation("sqs:SendMessageBatch")
def send_message_batch(call: Call, world: World) -> Mapping[str, Any]:
    """Send up to ten messages, 1 MiB together.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    """
    queue = find_queue(call, world)
    entries = entries_of(call, "SendMessageBatchRequestEntry")
    size = sum(_rough_size(entry) for entry in entries)
    if size > _BATCH_MAX:
        raise BatchRequestTooLong(most=_BATCH_MAX, size=size)
    demand_key(call, world, queue, sending=True)
    return each_entry(entries, lambda entry: _accepted(call, world, queue, entry))


def _rough_size(entry: Mapping[str, Any]) -> int:
    size = len(entry["MessageBody"].encode())
    for name, value in (entry.get("MessageAttributes") or {}).items():
        size += len(name.encode()) + len((value.get("DataType") or "").encode())
        size += len((value.get("StringValue") or "").encode()) + len(value.get("BinaryValue") or b"")
    return size


def _accepted(call: Call, world: World, queue: Queue, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    content = _content(queue, asked)
    group, deduplication = _fifo_members(queue, asked)
    kept = arrive(
        world.transaction,
        queue,
        content,
        message_id=world.chance.uuid(),
        sender=call.caller.principal.unique_id or call.account,
        now=call.now,
        delay=_delay(queue, asked),
        group=group,
        deduplication=deduplication,
    )
    told = {"MessageId": kept.id, "MD5OfMessageBody": digest_of_body(content.body)}
    for member, attributes in (
        ("MD5OfMessageAttributes", content.attributes),
        ("MD5OfMessageSystemAttributes", content.system),
    ):
        if attributes:
            told[member] = digest_of_attributes(attributes)
    return told | ({"SequenceNumber": kept.sequence} if kept.sequence else {})


def _content(queue: Queue, asked: Mapping[str, Any]) -> Content:
    """What is to be kept. MissingRequiredParameter, InvalidParameterValue, InvalidMessageContents."""
    system = asked.get("MessageSystemAttributes") or {}
    unknown = next((name for name in system if name != _TRACE), None)
    if unknown is not None:
        raise InvalidParameterValue(reason=f"Message system attribute name '{unknown[:256]}' is invalid.")
    content = Content(
        body=checked_body(asked["MessageBody"]),
        attributes=checked_attributes(asked.get("MessageAttributes") or {}),
        system=checked_attributes(system),
    )
    most = queue.number("MaximumMessageSize", _BATCH_MAX)
    if size_of(content) > most:
        raise InvalidParameterValue(
            reason=f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        )
    return content


def _fifo_members(queue: Queue, asked: Mapping[str, Any]) -> tuple[str, str]:
    """Group and deduplication id; a standard queue may have groups, for fairness, and no deduplication.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    group, deduplication = asked.get("MessageGroupId"), asked.get("MessageDeduplicationId")
    if queue.fifo and group is None:
        raise MissingRequiredParameter(name="MessageGroupId")
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", deduplication)):
        if value is not None and not _ID.match(value):
            raise _invalid(name, value, _ID_RULE.format(name=name))
    if not queue.fifo and deduplication is not None:
        raise _invalid(
            "MessageDeduplicationId",
            deduplication,
            "The request includes a parameter that is not valid for this queue type.",
        )
    if queue.fifo and deduplication is None and queue.attributes.get("ContentBasedDeduplication") != "true":
        raise InvalidParameterValue(
            reason="The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    return group or "", deduplication or ""


def _delay(queue: Queue, asked: Mapping[str, Any]) -> float | None:
    delay = asked.get("DelaySeconds")
    if delay is None:
        return None
    if queue.fifo and delay:
        raise _invalid("DelaySeconds", delay, "The request include parameter that is not valid for this queue type.")
    if not 0 <= delay <= _DELAY_MAX:
        raise _invalid("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900.")
    return None if queue.fifo else float(delay)


def _invalid(name: str, value: object, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(reason=f"Value {value} for parameter {name} is invalid. Reason: {reason}")
