"""SQS's errors: named as the JSON protocol has them, with the codes of the query protocol. Texts are those of AWS's answers.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from collections.abc import Mapping
from typing import ClassVar

from trailwarden.errors import AwsError
from trailwarden.wire.errors import MissingRequiredParameter

__all__ = [
    "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong",
    "EmptyBatchRequest",
    "HandleExpired",
    "InvalidAddress",
    "InvalidAttributeName",
    "InvalidAttributeValue",
    "InvalidBatchEntryId",
    "InvalidMessageContents",
    "InvalidParameterValue",
    "KmsAccessDenied",
    "KmsNotFound",
    "MessageNotInflight",
    "MissingRequiredParameter",
    "OverLimit",
    "PurgeQueueInProgress",
    "QueueDeletedRecently",
    "QueueDoesNotExist",
    "QueueNameExists",
    "ReceiptHandleIsInvalid",
    "ResourceNotFound",
    "TooManyEntriesInBatchRequest",
    "UnsupportedOperation",
]

_FORMER = "AWS.SimpleQueueService."


class QueueDoesNotExist(AwsError):
    """No queue of that name in the account and Region; the query protocol adds its version's name."""

    code = "QueueDoesNotExist"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}NonExistentQueue"}
    message = "The specified queue does not exist{version}."


class QueueNameExists(AwsError):
    """A queue of that name has other attributes."""

    code = "QueueNameExists"
    codes: ClassVar[Mapping[str, str]] = {"query": "QueueAlreadyExists"}
    message = "A queue already exists with the same name and a different value for attribute {attribute}"


class QueueDeletedRecently(AwsError):
    """A queue of that name was deleted within the last 60 seconds."""

    code = "QueueDeletedRecently"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}QueueDeletedRecently"}
    message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."


class PurgeQueueInProgress(AwsError):
    """A queue can be purged once in 60 seconds."""

    code = "PurgeQueueInProgress"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}PurgeQueueInProgress"}
    statuses: ClassVar[Mapping[str, int]] = {"query": 403}
    message = "Only one PurgeQueue operation on {name} is allowed every 60 seconds."


class InvalidAddress(AwsError):
    """The queue's URL is none."""

    code = "InvalidAddress"
    message = "The address {url} is not valid for this endpoint."


class InvalidParameterValue(AwsError):
    """A parameter's value is not acceptable."""

    code = "InvalidParameterValueException"
    codes: ClassVar[Mapping[str, str]] = {"query": "InvalidParameterValue"}
    message = "{reason}"


class HandleExpired(InvalidParameterValue):
    """A receipt handle of a FIFO queue, or of a message that is gone, is of no use any more."""

    message = "Value {handle} for parameter ReceiptHandle is invalid. Reason: {why}."


class InvalidAttributeName(AwsError):
    """There is no such attribute, or not for such a queue."""

    code = "InvalidAttributeName"
    message = "{reason}"


class InvalidAttributeValue(AwsError):
    """An attribute cannot have that value."""

    code = "InvalidAttributeValue"
    message = "Invalid value for the parameter {name}.{reason}"


class InvalidMessageContents(AwsError):
    """The message has characters that it must not have."""

    code = "InvalidMessageContents"
    message = (
        "Invalid characters found. Valid unicode characters are "
        "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )


class ReceiptHandleIsInvalid(AwsError):
    """A receipt handle that has not the form of one."""

    code = "ReceiptHandleIsInvalid"
    statuses: ClassVar[Mapping[str, int]] = {"query": 404, "json": 404}
    message = 'The input receipt handle "{handle}" is not a valid receipt handle.'


class MessageNotInflight(AwsError):
    """The message is not in flight."""

    code = "MessageNotInflight"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}MessageNotInflight"}
    message = "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message is not in flight."


class OverLimit(AwsError):
    """Too many messages are in flight, or a policy names too many."""

    code = "OverLimit"
    statuses: ClassVar[Mapping[str, int]] = {"query": 403, "json": 403}
    message = "{reason}"


class UnsupportedOperation(AwsError):
    """The operation is not for such a queue, or not now."""

    code = "UnsupportedOperation"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}UnsupportedOperation"}
    message = "{reason}"


class ResourceNotFound(AwsError):
    """A move task, or a queue that one is of, does not exist."""

    code = "ResourceNotFoundException"
    statuses: ClassVar[Mapping[str, int]] = {"query": 404, "json": 404}
    message = "{reason}"


class BatchEntryIdsNotDistinct(AwsError):
    """Two entries of a batch have one id."""

    code = "BatchEntryIdsNotDistinct"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}BatchEntryIdsNotDistinct"}
    message = "Id {id} repeated."


class BatchRequestTooLong(AwsError):
    """All messages of a batch together are too long."""

    code = "BatchRequestTooLong"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}BatchRequestTooLong"}
    message = "Batch requests cannot be longer than {most} bytes. You have sent {size} bytes."


class EmptyBatchRequest(AwsError):
    """A batch has no entries."""

    code = "EmptyBatchRequest"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}EmptyBatchRequest"}
    message = "There should be at least one {entry} in the request."


class InvalidBatchEntryId(AwsError):
    """The id of an entry is not acceptable."""

    code = "InvalidBatchEntryId"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}InvalidBatchEntryId"}
    message = (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long."
    )


class TooManyEntriesInBatchRequest(AwsError):
    """A batch has more than 10 entries."""

    code = "TooManyEntriesInBatchRequest"
    codes: ClassVar[Mapping[str, str]] = {"query": f"{_FORMER}TooManyEntriesInBatchRequest"}
    message = "Maximum number of entries per request are 10. You have sent {count}."


class KmsAccessDenied(AwsError):
    """The caller may not use the queue's key."""

    code = "KmsAccessDenied"
    codes: ClassVar[Mapping[str, str]] = {"query": "KMS.AccessDeniedException"}
    message = "User: {caller} is not authorized to perform: {action} on resource: {key}"


class KmsNotFound(AwsError):
    """The queue's key does not exist."""

    code = "KmsNotFound"
    codes: ClassVar[Mapping[str, str]] = {"query": "KMS.NotFoundException"}
    message = "Invalid keyId {key}"
