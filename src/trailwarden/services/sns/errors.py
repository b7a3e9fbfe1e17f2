"""SNS's errors; texts are those of recorded answers where one is known.

https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong",
    "EmptyBatchRequest",
    "InvalidBatchEntryId",
    "InvalidParameter",
    "InvalidToken",
    "NotFound",
    "ParameterValueInvalid",
    "ResourceNotFound",
    "SubscriptionNotFound",
    "TagLimitExceeded",
    "TooManyEntriesInBatchRequest",
]


class InvalidParameter(AwsError):
    """A request parameter does not comply with its constraints."""

    message = "Invalid parameter: {reason}"


class InvalidToken(AwsError):
    """A confirmation token that has not the form of one."""

    code = "InvalidParameter"
    message = "Invalid token"


class NotFound(AwsError):
    """The topic does not exist."""

    message = "Topic does not exist"
    status = 404


class SubscriptionNotFound(AwsError):
    """The subscription does not exist."""

    code = "NotFound"
    message = "Subscription does not exist"
    status = 404


class ResourceNotFound(AwsError):
    """What is to be tagged does not exist."""

    message = "Resource does not exist"
    status = 404


class TagLimitExceeded(AwsError):
    """A topic can have no more than 50 tags."""

    message = "Could not complete request: tag quota of per resource exceeded"


class ParameterValueInvalid(AwsError):
    """A message attribute is not acceptable."""

    message = "{reason}"


class BatchEntryIdsNotDistinct(AwsError):
    """Two entries of a batch have one id."""

    message = "Two or more batch entries in the request have the same Id."


class BatchRequestTooLong(AwsError):
    """All messages of a batch together are too long."""

    message = "The length of all the messages put together is more than the limit."


class EmptyBatchRequest(AwsError):
    """A batch has no entries."""

    message = "The batch request doesn't contain any entries."


class InvalidBatchEntryId(AwsError):
    """The id of an entry is not acceptable."""

    message = "{reason}"


class TooManyEntriesInBatchRequest(AwsError):
    """A batch has more than 10 entries."""

    message = "The batch request contains more entries than permissible."
