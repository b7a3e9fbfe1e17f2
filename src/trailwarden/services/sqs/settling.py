"""What becomes of a received message: deleted, or visible again sooner or later."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sqs.batches import each_entry, entries_of
from trailwarden.services.sqs.errors import HandleExpired, InvalidParameterValue, MessageNotInflight
from trailwarden.services.sqs.handles import opened
from trailwarden.services.sqs.message import MESSAGE, Message
from trailwarden.services.sqs.queue import Queue, find_queue
from trailwarden.services.world import World

__all__ = [
    "change_message_visibility",
    "change_message_visibility_batch",
    "delete_message",
    "delete_message_batch",
]

_LONGEST = 43_200
_EXPIRED = "The receipt handle has expired"
_GONE = "Message does not exist or is not available for visibility timeout change"


@operation("sqs:DeleteMessage")
def delete_message(call: Call, world: World) -> None:
    """Delete a message; one that is gone already is no error.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
    """
    _delete(call, world, find_queue(call, world), call.params["ReceiptHandle"])


@operation("sqs:DeleteMessageBatch")
def delete_message_batch(call: Call, world: World) -> Mapping[str, Any]:
    """Delete up to ten messages.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
    """
    queue = find_queue(call, world)
    entries = entries_of(call, "DeleteMessageBatchRequestEntry")
    return each_entry(entries, lambda entry: _delete(call, world, queue, entry["ReceiptHandle"]))


@operation("sqs:ChangeMessageVisibility")
def change_message_visibility(call: Call, world: World) -> None:
    """Let a message that is in flight be seen again after so many seconds, 0 is now.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
    """
    _change(call, world, find_queue(call, world), call.params)


@operation("sqs:ChangeMessageVisibilityBatch")
def change_message_visibility_batch(call: Call, world: World) -> Mapping[str, Any]:
    """Change up to ten messages.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
    """
    queue = find_queue(call, world)
    entries = entries_of(call, "ChangeMessageVisibilityBatchRequestEntry")
    return each_entry(entries, lambda entry: _change(call, world, queue, entry))


def _delete(call: Call, world: World, queue: Queue, text: str) -> Mapping[str, Any]:
    """An older receipt of a standard queue will do; one of a FIFO queue has to be in force."""
    handle = opened(queue, text)
    message = world.find(MESSAGE, queue.account, queue.region, handle.key)
    if message is None:
        return {}
    if queue.fifo and (handle.receipt != message.receipt or message.visible <= call.now):
        raise HandleExpired(handle=text[:256], why=_EXPIRED)
    world.delete(MESSAGE, queue.account, queue.region, handle.key)
    world.transaction.discard(message.blob)
    return {}


def _change(call: Call, world: World, queue: Queue, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    text, timeout = asked["ReceiptHandle"], asked.get("VisibilityTimeout", queue.number("VisibilityTimeout", 30))
    if not 0 <= timeout <= _LONGEST:
        raise InvalidParameterValue(
            reason=f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an "
            "integer between 0 and 43200."
        )
    handle = opened(queue, text)
    message = world.find(MESSAGE, queue.account, queue.region, handle.key)
    if message is None or handle.receipt != message.receipt:
        raise HandleExpired(handle=text[:256], why=_GONE)
    _check_flight(call, message, text, timeout)
    changed = msgspec.structs.replace(message, visible=call.now + timeout)
    world.put(MESSAGE, queue.account, queue.region, handle.key, changed)
    return {}


def _check_flight(call: Call, message: Message, text: str, timeout: int) -> None:
    """No message is in flight for longer than twelve hours."""
    if message.visible <= call.now:
        raise MessageNotInflight(handle=text[:256])
    if call.now + timeout > message.first_received + _LONGEST and message.receives == 1:
        raise InvalidParameterValue(
            reason=f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for "
            "the message is beyond the limit [43200 seconds]."
        )
