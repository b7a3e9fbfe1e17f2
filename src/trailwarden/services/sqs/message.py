"""A message in a queue: what is stored of it, its digests, and the bounds that its parts keep.

What a client sent lies in a blob, which is dropped with the message; the document says when it can be received.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.sqs.errors import InvalidMessageContents, InvalidParameterValue, MissingRequiredParameter
from trailwarden.services.sqs.queue import Queue
from trailwarden.storage.ports import Kind

__all__ = [
    "DEDUPLICATION",
    "MESSAGE",
    "SEQUENCE",
    "Content",
    "Deduplication",
    "Message",
    "Sequence",
    "alive",
    "checked_attributes",
    "checked_body",
    "digest_of_attributes",
    "digest_of_body",
    "packed",
    "size_of",
    "unpacked",
]

_MICROSECONDS = 1_000_000
_BAD_CHARACTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}\Z")
_TYPE = re.compile(r"(String|Number|Binary)(\.[A-Za-z0-9_.-]+)?\Z")
_TYPE_MAX = 256
_MOST_ATTRIBUTES = 10
_FIELDS: Mapping[str, str] = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
_DIGITS = re.compile(r"-?\d{1,38}(\.\d{1,38})?([eE][+-]?\d{1,3})?\Z")


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent. Attributes are (type, value) by name, binary values in Base64; `system` are system attributes."""

    body: str
    attributes: dict[str, tuple[str, str]] = {}
    system: dict[str, tuple[str, str]] = {}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message. Key: (the queue's account, region, `queue id:order`); times are seconds since the epoch.

    It can be received from `visible` on. `receives` counts how often it was, `receipt` tells the last time from earlier
    ones. `order` sorts the messages of a queue. `source` is the ARN of the queue whose dead letter it is, else "".

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
    """

    id: str
    blob: str
    size: int
    sent: float
    kept_from: float
    visible: float
    sender: str
    receives: int = 0
    first_received: float = 0.0
    receipt: str = ""
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    source: str = ""


class Deduplication(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was accepted. Key: (account, region, `queue id:scope:deduplication id`). Answers for five minutes.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
    """

    message: str
    sequence: str
    until: float


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages a FIFO queue has taken. Key: (account, region, queue id)."""

    count: int


MESSAGE = Kind("sqs.message", Message)
DEDUPLICATION = Kind("sqs.deduplication", Deduplication)
SEQUENCE = Kind("sqs.sequence", Sequence)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Content).decode


def packed(content: Content) -> bytes:
    """What is stored."""
    return _encode(content)


def unpacked(data: bytes) -> Content:
    """What was stored."""
    return _decode(data)


def alive(queue: Queue, message: Message, now: float) -> bool:
    """Whether the message is still of the queue: not purged, and within the retention period.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
    """
    retention = queue.number("MessageRetentionPeriod", 345_600)
    return message.kept_from > queue.purged and now < message.kept_from + retention


def digest_of_body(body: str) -> str:
    """MD5OfMessageBody."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def digest_of_attributes(attributes: Mapping[str, tuple[str, str]]) -> str:
    """MD5OfMessageAttributes, "" where there are none: names in order, each part behind its length.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
    """
    if not attributes:
        return ""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        type_, value = attributes[name]
        binary = type_.startswith("Binary")
        data = base64.b64decode(value) if binary else value.encode()
        digest.update(_measured(name.encode()) + _measured(type_.encode()))
        digest.update((b"\x02" if binary else b"\x01") + _measured(data))
    return digest.hexdigest()


def _measured(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def size_of(content: Content) -> int:
    """Bytes of the body and of the attributes' names, types and values; system attributes do not count."""
    size = len(content.body.encode())
    for name, (type_, value) in content.attributes.items():
        inner = len(base64.b64decode(value)) if type_.startswith("Binary") else len(value.encode())
        size += len(name.encode()) + len(type_.encode()) + inner
    return size


def checked_body(body: str) -> str:
    """The body. MissingRequiredParameter, InvalidMessageContents.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    if not body:
        raise MissingRequiredParameter(name="MessageBody")
    if _BAD_CHARACTERS.search(body):
        raise InvalidMessageContents
    return body


def checked_attributes(given: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Attributes as they are kept. InvalidParameterValue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    if len(given) > _MOST_ATTRIBUTES:
        raise InvalidParameterValue(
            reason=f"Number of message attributes [{len(given)}] exceeds the allowed maximum [10]."
        )
    return {name: _attribute(name, value) for name, value in given.items()}


def _attribute(name: str, value: Mapping[str, Any]) -> tuple[str, str]:
    _check_name(name)
    type_ = str(value.get("DataType") or "")
    found = _TYPE.match(type_)
    if not type_:
        raise InvalidParameterValue(
            reason=f"The message attribute '{name}' must contain a non-empty message attribute type."
        )
    if len(type_) > _TYPE_MAX:
        raise InvalidParameterValue(
            reason=f"The message attribute '{name}' has a message attribute type that is longer than 256 bytes."
        )
    if found is None:
        raise InvalidParameterValue(
            reason=f"The type of message (user) attribute '{name}' is invalid. You must use only the following "
            "supported type prefixes: Binary, Number, String."
        )
    kind, field = found[1], _FIELDS[found[1]]
    text = value.get(field)
    if not text:
        raise InvalidParameterValue(
            reason=f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        )
    if field == "BinaryValue":
        return type_, base64.b64encode(text).decode()
    if _BAD_CHARACTERS.search(text):
        raise InvalidMessageContents
    if kind == "Number" and not _DIGITS.match(text):
        raise InvalidParameterValue(reason=f"Can't cast the value of message (user) attribute '{name}' to a number.")
    return type_, text


def _check_name(name: str) -> None:
    lowered = name.lower()
    bad = name.startswith(".") or name.endswith(".") or ".." in name or lowered.startswith(("aws.", "amazon."))
    if bad or not _NAME.match(name):
        raise InvalidParameterValue(
            reason="Message (user) attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) "
            f"characters. The invalid name is '{name[:256]}'."
        )
