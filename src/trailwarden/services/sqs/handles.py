"""Receipt handles: which message was received, and which time.

A handle is the message's place in the queue and a random word of that receipt; it is of use only with permission on the
queue that it belongs to.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html#receipt-handle
"""

import base64
import binascii
from dataclasses import dataclass

from trailwarden.services.sqs.errors import HandleExpired, ReceiptHandleIsInvalid
from trailwarden.services.sqs.queue import Queue

__all__ = ["Handle", "handle_of", "opened"]

_BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Handle:
    """A message's key, and the word of a receipt."""

    key: str
    receipt: str


def handle_of(key: str, receipt: str) -> str:
    """What a receiver is given."""
    return base64.b64encode(f"{key}{_BREAK}{receipt}".encode()).decode()


def opened(queue: Queue, text: str) -> Handle:
    """What a handle says. ReceiptHandleIsInvalid, HandleExpired for one of another queue."""
    try:
        key, mark, receipt = base64.b64decode(text, validate=True).decode().partition(_BREAK)
    except (binascii.Error, UnicodeError, ValueError):
        raise ReceiptHandleIsInvalid(handle=text[:256]) from None
    if not mark or not receipt:
        raise ReceiptHandleIsInvalid(handle=text[:256])
    if not key.startswith(f"{queue.id}:"):
        raise HandleExpired(
            handle=text[:256], why="Message does not exist or is not available for visibility timeout change"
        )
    return Handle(key, receipt)
