"""Publish, one message or a batch."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sns.encryption import demand_key
from trailwarden.services.sns.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameter,
    ParameterValueInvalid,
    TooManyEntriesInBatchRequest,
)
from trailwarden.services.sns.message import DEDUPLICATION, Deduplication, Message, publish
from trailwarden.services.sns.topic import Topic, find_topic, keep_topic
from trailwarden.services.world import World

__all__ = ["publish_batch", "publish_message"]

_SIZE_MAX = 262_144
_BATCH_MAX = 10
_ID_MAX = 80
_NAME_MAX = 256
_SUBJECT_MAX = 100
_ID = re.compile(r"[A-Za-z0-9_-]*\Z")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_FIELDS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
"""https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html."""

_FIVE_MINUTES = 300.0
_SEQUENCE_START = 10_000_000_000_000_000_000


@operation("sns:Publish")
def publish_message(call: Call, world: World) -> Mapping[str, Any]:
    """Send a message to a topic; endpoints of applications and phone numbers are not reached from here.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    asked = call.params
    if asked.get("PhoneNumber"):
        raise InvalidParameter(reason=f"PhoneNumber Reason: {asked['PhoneNumber'][:64]} is not valid to publish to")
    target = asked.get("TopicArn") or asked.get("TargetArn") or ""
    if ":endpoint/" in target:
        raise InvalidParameter(reason="TargetArn Reason: No endpoint found for the target arn specified")
    topic = find_topic(world, target)
    return _accepted(call, world, topic, [asked])[0]


@operation("sns:PublishBatch")
def publish_batch(call: Call, world: World) -> Mapping[str, Any]:
    """Send up to 10 messages, 256 KiB together.

    https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    """
    topic, entries = find_topic(world, call.params["TopicArn"]), call.params["PublishBatchRequestEntries"]
    _check_batch(entries)
    told = _accepted(call, world, topic, entries)
    return {
        "Successful": [{"Id": entry["Id"], **answer} for entry, answer in zip(entries, told, strict=True)],
        "Failed": [],
    }


def _accepted(call: Call, world: World, topic: Topic, given: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Keep messages for delivery; gives their ids, for a FIFO topic with sequence numbers."""
    demand_key(call, world, topic)
    told: list[dict[str, str]] = []
    count = topic.sequence
    for asked in given:
        _check_message(topic, asked)
        deduplication = _deduplication(asked) if topic.fifo else ""
        known = _known(world, topic, asked, deduplication, call.now) if topic.fifo else None
        if known is not None:
            told.append({"MessageId": known.message, "SequenceNumber": known.sequence})
            continue
        count += 1
        sequence = str(_SEQUENCE_START + count) if topic.fifo else ""
        message = Message(
            id=world.chance.uuid(),
            topic_arn=topic.arn,
            body=asked["Message"],
            published=call.now,
            subject=asked.get("Subject") or "",
            structured=asked.get("MessageStructure") == "json",
            attributes=_attributes(asked.get("MessageAttributes") or {}),
            group=asked.get("MessageGroupId") or "",
            deduplication=deduplication,
            sequence=sequence,
        )
        publish(world.transaction, topic, message)
        if topic.fifo:
            _remember(world, topic, message)
        told.append({"MessageId": message.id} | ({"SequenceNumber": sequence} if sequence else {}))
    if topic.fifo:
        keep_topic(world, topic, sequence=count)
    return told


def _deduplication(asked: Mapping[str, Any]) -> str:
    """What tells a message from another: the id that is given, or the body's digest."""
    return asked.get("MessageDeduplicationId") or hashlib.sha256(asked["Message"].encode()).hexdigest()


def _known(
    world: World, topic: Topic, asked: Mapping[str, Any], deduplication: str, now: float
) -> Deduplication | None:
    """The message of that id that was published within five minutes.

    https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
    """
    key = _deduplication_key(topic, asked.get("MessageGroupId") or "", deduplication)
    found = world.find(DEDUPLICATION, topic.account, topic.region, key)
    return found if found is not None and found.until > now else None


def _remember(world: World, topic: Topic, message: Message) -> None:
    key = _deduplication_key(topic, message.group, message.deduplication)
    kept = Deduplication(message=message.id, sequence=message.sequence, until=message.published + _FIVE_MINUTES)
    world.put(DEDUPLICATION, topic.account, topic.region, key, kept)


def _deduplication_key(topic: Topic, group: str, deduplication: str) -> str:
    scope = group if topic.attributes.get("FifoThroughputScope") == "MessageGroup" else ""
    return f"{topic.name}:{topic.created:.6f}:{scope}:{deduplication}"


def _check_batch(entries: list[Mapping[str, Any]]) -> None:
    if not entries:
        raise EmptyBatchRequest
    if len(entries) > _BATCH_MAX:
        raise TooManyEntriesInBatchRequest
    ids = [entry["Id"] for entry in entries]
    for given in ids:
        if len(given) > _ID_MAX:
            raise InvalidBatchEntryId(reason=f"The Id of a batch entry in the batch request is too long: {given[:256]}")
        if not _ID.match(given):
            raise InvalidBatchEntryId(
                reason=f"The Id of a batch entry in the batch request contains an impermissible character: {given}"
            )
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct
    if sum(_size(entry) for entry in entries) > _SIZE_MAX:
        raise BatchRequestTooLong


def _check_message(topic: Topic, asked: Mapping[str, Any]) -> None:
    body, subject = asked["Message"], asked.get("Subject")
    if not body:
        raise InvalidParameter(reason="Empty message")
    if _size(asked) > _SIZE_MAX:
        raise InvalidParameter(reason="Message too long")
    if subject is not None and not (0 < len(subject) <= _SUBJECT_MAX and subject.isprintable()):
        raise InvalidParameter(reason="Subject")
    _check_fifo(topic, asked)
    if asked.get("MessageStructure") == "json":
        _check_structure(body)


def _check_fifo(topic: Topic, asked: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html."""
    if not topic.fifo:
        if asked.get("MessageDeduplicationId"):
            raise InvalidParameter(
                reason="MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter "
                "that is not valid for this topic type"
            )
        return
    if not asked.get("MessageGroupId"):
        raise InvalidParameter(reason="The MessageGroupId parameter is required for FIFO topics")
    if not asked.get("MessageDeduplicationId") and topic.attributes.get("ContentBasedDeduplication") != "true":
        raise InvalidParameter(
            reason="The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
            "provided explicitly"
        )


def _check_structure(body: str) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidParameter(reason="Message Structure - JSON message body failed to parse") from None
    if not isinstance(document, dict) or not isinstance(document.get("default"), str):
        raise InvalidParameter(reason="Message Structure - No default entry in JSON message body")


def _attributes(given: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Message attributes by name as (type, value). ParameterValueInvalid."""
    return {name: _attribute(name, value) for name, value in given.items()}


def _attribute(name: str, value: Mapping[str, Any]) -> tuple[str, str]:
    _check_name(name)
    type_ = value["DataType"]
    prefix = type_.partition(".")[0]
    field = _FIELDS.get(prefix)
    if field is None:
        raise ParameterValueInvalid(
            reason=f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    other = "BinaryValue" if field == "StringValue" else "StringValue"
    if other in value:
        wanted = field.removesuffix("Value")
        raise ParameterValueInvalid(
            reason=f"The message attribute '{name}' with type '{prefix}' must use field '{wanted}'."
        )
    if not value.get(field):
        raise ParameterValueInvalid(
            reason=f"The message attribute '{name}' must contain non-empty message attribute value for message "
            f"attribute type '{prefix}'."
        )
    return type_, base64.b64encode(value[field]).decode() if field == "BinaryValue" else value[field]


def _check_name(name: str) -> None:
    if len(name) >= _NAME_MAX:
        raise ParameterValueInvalid(reason="Length of message attribute name must be less than 256 bytes.")
    strange = _NOT_IN_NAME.search(name)
    if strange is not None:
        raise ParameterValueInvalid(
            reason=f"Invalid non-alphanumeric character '#x{ord(strange[0]):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    for place, bad in (("starting", name.startswith(".")), ("ending", name.endswith("."))):
        if bad:
            raise ParameterValueInvalid(reason=f"Invalid message attribute name {place} with character '.' was found.")
    if ".." in name:
        raise ParameterValueInvalid(reason="Message attribute name can not have successive '.' character.")


def _size(asked: Mapping[str, Any]) -> int:
    """Bytes of the body and of the attributes' names, types and values."""
    size = len(asked["Message"].encode())
    for name, value in (asked.get("MessageAttributes") or {}).items():
        size += len(name) + len(value["DataType"]) + len(value.get("BinaryValue") or b"")
        size += len((value.get("StringValue") or "").encode())
    return size
