"""Attributes of queues: what can be set, within which bounds, and what they are when nothing was said.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from trailwarden.arn import Arn
from trailwarden.policy import RESOURCE, Layer, MalformedPolicy, Source, compile_policy
from trailwarden.services.sqs.errors import InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue
from trailwarden.services.sqs.queue import Queue, queue_of_arn
from trailwarden.services.world import World

__all__ = ["DEFAULTS", "checked", "merged"]

_KILOBYTE = 1024
_MESSAGE_MAX = 1_048_576
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (_KILOBYTE, _MESSAGE_MAX),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_CHOICES: Mapping[str, frozenset[str]] = {
    "ContentBasedDeduplication": frozenset({"true", "false"}),
    "DeduplicationScope": frozenset({"messageGroup", "queue"}),
    "FifoThroughputLimit": frozenset({"perQueue", "perMessageGroupId"}),
    "SqsManagedSseEnabled": frozenset({"true", "false"}),
}
_ONLY_FIFO = frozenset({"ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"})
_ONLY_READ = frozenset(
    {
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "QueueArn",
    }
)
_FREE = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "FifoQueue"})
_RECEIVES = (1, 1000)
_SOURCES_MAX = 10
_ONE_ENCRYPTION = (
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
)

DEFAULTS: Mapping[str, str] = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": str(_MESSAGE_MAX),
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
}
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html (defaults)."""


def checked(world: World, name: str, given: Mapping[str, str], *, new: bool) -> None:
    """InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue for attributes that the queue `name` cannot have."""
    fifo = name.endswith(".fifo")
    for attribute, value in given.items():
        _check_name(attribute, fifo=fifo, given=given)
        if attribute == "FifoQueue":
            _check_kind(value, fifo=fifo, new=new)
        elif value:
            _check_value(world, attribute, value, fifo=fifo)
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(reason=_ONE_ENCRYPTION)


def merged(queue: Queue, given: Mapping[str, str]) -> dict[str, str]:
    """The queue's attributes with others set; an empty one is taken out, and one kind of encryption ends the other."""
    attributes = {**queue.attributes, **{name: value for name, value in given.items() if name != "Policy"}}
    if given.get("KmsMasterKeyId"):
        attributes["SqsManagedSseEnabled"] = "false"
    if given.get("SqsManagedSseEnabled") == "true":
        attributes["KmsMasterKeyId"] = ""
    return {name: value for name, value in attributes.items() if value}


def _check_name(attribute: str, *, fifo: bool, given: Mapping[str, str]) -> None:
    known = attribute in _BOUNDS or attribute in _CHOICES or attribute in _FREE
    if not known or attribute in _ONLY_READ:
        raise InvalidAttributeName(reason=f"Unknown Attribute {attribute}.")
    if attribute in _ONLY_FIFO and not fifo:
        if attribute == "ContentBasedDeduplication":
            raise InvalidAttributeName(reason=f"Unknown Attribute {attribute}.")
        raise InvalidAttributeName(reason=f"You can specify the {attribute} only when FifoQueue is set to true.")
    if attribute == "FifoQueue" and not fifo and given["FifoQueue"] != "true":
        raise InvalidAttributeName(reason="Unknown Attribute FifoQueue.")


def _check_kind(value: str, *, fifo: bool, new: bool) -> None:
    if not new and value != str(fifo).lower():
        raise InvalidAttributeValue(name="FifoQueue", reason=" Reason: Modifying queue type is not supported.")
    if new and value != "true":
        raise InvalidAttributeValue(name="FifoQueue", reason="")


def _check_value(world: World, attribute: str, value: str, *, fifo: bool) -> None:
    if attribute in _BOUNDS:
        low, high = _BOUNDS[attribute]
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise InvalidAttributeValue(name=attribute, reason="")
        return
    if attribute in _CHOICES:
        if value not in _CHOICES[attribute]:
            raise InvalidAttributeValue(name=attribute, reason="")
        return
    check = _DOCUMENTS.get(attribute)
    if check is not None:
        check(world, value, fifo)


def _check_policy(_world: World, value: str, _fifo: bool) -> None:  # noqa: FBT001 — all checks have this form
    try:
        compile_policy(value, Source(layer=Layer.RESOURCE, id=""), grammar=RESOURCE)
    except MalformedPolicy:
        raise InvalidAttributeValue(name="Policy", reason="") from None


def _document(attribute: str, value: str) -> dict[str, Any]:
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise _invalid(attribute, value, "Redrive policy is not a valid JSON map")
    return told


def _check_redrive(world: World, value: str, fifo: bool) -> None:  # noqa: FBT001 — all checks have this form
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html."""
    told, low_high = _document("RedrivePolicy", value), _RECEIVES
    for wanted in ("maxReceiveCount", "deadLetterTargetArn"):
        if wanted not in told:
            raise _invalid("RedrivePolicy", value, f"Redrive policy does not contain mandatory attribute: {wanted}")
    unknown = next((name for name in told if name not in {"maxReceiveCount", "deadLetterTargetArn"}), None)
    if unknown is not None:
        raise _invalid("RedrivePolicy", value, f"Unknown attribute for redrive policy: {unknown[:64]}")
    count = str(told["maxReceiveCount"])
    if not (count.isascii() and count.isdigit() and low_high[0] <= int(count) <= low_high[1]):
        raise _invalid(
            "RedrivePolicy",
            value,
            f"Invalid value for maxReceiveCount: {count[:64]}, valid values are from 1 to 1000 both inclusive.",
        )
    target = queue_of_arn(world.transaction, str(told["deadLetterTargetArn"]))
    if target is None:
        raise _invalid("RedrivePolicy", value, "Dead letter target does not exist.")
    if target.fifo is not fifo:
        raise _invalid("RedrivePolicy", value, "Dead-letter queue must be same type of queue as the source.")


def _check_redrive_allow(_world: World, value: str, _fifo: bool) -> None:  # noqa: FBT001 — all checks have this form
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html (RedriveAllowPolicy)."""
    told = _document("RedriveAllowPolicy", value)
    permission, sources = told.get("redrivePermission"), told.get("sourceQueueArns", [])
    known = permission in {"allowAll", "denyAll", "byQueue"}
    listed = isinstance(sources, list) and all(isinstance(each, str) and Arn.parse(each) for each in sources)
    fits = (permission == "byQueue") is bool(sources) and len(sources) <= _SOURCES_MAX if listed else False
    if not (known and fits):
        raise _invalid(
            "RedriveAllowPolicy",
            value,
            "Amazon SQS can't create the redrive allow policy, as it is in an unsupported format.",
        )


def _invalid(attribute: str, value: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(reason=f"Value {value[:1024]} for parameter {attribute} is invalid. Reason: {reason}")


_DOCUMENTS: Mapping[str, Callable[[World, str, bool], None]] = {
    "Policy": _check_policy,
    "RedrivePolicy": _check_redrive,
    "RedriveAllowPolicy": _check_redrive_allow,
}
